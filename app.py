"""The app: page configuration, and navigation over pages/.  Start with `streamlit run app.py`.

The server imports this file once, finds `app` in it, reads how it is hosted, and warms up before it answers; each browser
session then runs it as its script.
"""

from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from sigviz.ui.contrast import readable
from sigviz.ui.links import without_endless_numbers
from sigviz.ui.startup import set_up, warmed_up

HERE = Path(__file__).parent

if get_script_run_ctx(suppress_warning=True) is None:  # not a session's script: the server's import
    # Streamlit takes a folder pages/ for its old kind of app until this script has called st.navigation once: whoever came
    # first, and not to the start page, would see that page alone, without this file's configuration
    PagesManager.uses_pages_directory = False
    set_up()
    app = st.App(__file__, lifespan=warmed_up)
else:
    st.set_page_config(
        page_title="sigviz", page_icon=str(HERE / "sigviz/data/icon.svg"), layout="wide", initial_sidebar_state=230
    )
    pages = [
        st.Page(HERE / "pages/compare.py", title="Compare", icon=":material/compare:", default=True),
        st.Page(HERE / "pages/edit.py", title="Edit and compare", icon=":material/edit_note:"),
        st.Page(HERE / "pages/paths.py", title="Paths", icon=":material/route:"),
        st.Page(HERE / "pages/steps.py", title="Steps", icon=":material/stairs:"),
        st.Page(HERE / "pages/baselines.py", title="Baselines", icon=":material/vertical_align_bottom:"),
        st.Page(HERE / "pages/axioms.py", title="Axioms", icon=":material/rule:"),
        st.Page(HERE / "pages/agreement.py", title="Agreement", icon=":material/groups:"),
        st.Page(HERE / "pages/guess.py", title="Guess first", icon=":material/quiz:"),
        st.Page(HERE / "pages/faithfulness.py", title="Faithfulness", icon=":material/fact_check:"),
        st.Page(HERE / "pages/robustness.py", title="Robustness", icon=":material/shield:"),
        st.Page(HERE / "pages/batch.py", title="Batch", icon=":material/table_rows:"),
        st.Page(HERE / "pages/about.py", title="About", icon=":material/menu_book:"),
    ]
    page = st.navigation(
        pages, expanded=True
    )  # without sections: Streamlit nests those in a way that screen readers stumble over
    readable()
    without_endless_numbers()
    page.run()
