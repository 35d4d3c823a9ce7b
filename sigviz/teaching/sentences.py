"""Sentences to guess about: film opinions written for sigviz, from no corpus, each of a kind that makes guessing hard.

None carries a label: what a model answers can be explained whether it is right or wrong.
"""

from collections.abc import Mapping

NEGATION = "negation: a small word turns the others around"
IRONY = "irony: the words say the opposite of what is meant"
MIXED = "two opinions in one sentence"
SILENT = "no word of feeling: the opinion is between the lines"
PLAIN = "words of feeling, said straight out"

BY_KIND: Mapping[str, tuple[str, ...]] = {
    NEGATION: (
        "There is not a single scene here that I would want to miss.",
        "Nobody will call it clever, and nobody in my row was bored.",
        "The plot never becomes as silly as the trailer made me fear.",
        "I cannot say that the songs did anything for the story.",
        "It is hardly the disaster that everyone had predicted.",
        "Without the music, little of this would be worth the ticket.",
        "She does not play the queen, she simply is the queen.",
        "Not even the splendid costumes can save this endless wedding.",
    ),
    IRONY: (
        "What a treat, another car chase, as if the first nine had not been enough.",
        "Bring a pillow, the third act has been written with your sleep in mind.",
        "The best thing about this film is the sign that shows the way out.",
        "A masterpiece, no doubt, for everyone who loves to watch paint dry.",
        "Great news for fans of shouting, the sequel has even less to say.",
        "How brave to make a comedy and leave out every joke.",
        "The dog deserves an award for keeping a straight face until the end.",
        "If you enjoy waiting rooms, you will adore these two hours.",
    ),
    MIXED: (
        "The actors are superb, but the script gives them nothing to do.",
        "It looks cheap and sounds worse, and still I left the cinema happy.",
        "A clumsy start, a dull middle, and then the finest last half hour of the year.",
        "Gorgeous pictures cannot hide how empty the story is.",
        "I hated the hero, loved the villain, and forgot both by the next morning.",
        "Too long by an hour, yet every minute with the grandmother is a joy.",
        "The first half is charming, the second makes you wish for the first.",
        "Funny in places, tiresome in most, and oddly moving at the very end.",
    ),
    SILENT: (
        "My neighbour checked his watch eleven times before the lights came on.",
        "We talked about it all the way home, and again over breakfast.",
        "After twenty minutes the row in front of us had gone.",
        "I bought a second ticket for the late show.",
        "My daughter asked whether we could see the other film instead.",
        "Nobody stood up until the last name had left the screen.",
        "The projector broke down, and the audience asked what came next.",
        "I have already told three friends the ending, to spare them the trip.",
    ),
    PLAIN: (
        "A warm, generous and often hilarious portrait of a family on the road.",
        "The dialogue is wooden, the pace is sluggish and the ending is absurd.",
        "Beautifully filmed and quietly heartbreaking from the first frame to the last.",
        "A lazy, noisy thriller that confuses darkness with depth.",
        "Two wonderful leads turn a simple tale into something tender and true.",
        "This is a painfully predictable romance with no spark at all.",
        "Bold, strange and thrilling, it is the most original western in years.",
        "An awkward remake that drains the charm out of a lovely old story.",
    ),
}
KIND_OF: Mapping[str, str] = {text: kind for kind, texts in BY_KIND.items() for text in texts}
