"""The app: navigation over pages/.  Start with `streamlit run app.py`."""

import streamlit as st

st.set_page_config(page_title="sigviz", page_icon="sigviz/data/icon.svg", layout="wide")
st.navigation([st.Page("pages/compare.py", title="Compare", icon=":material/compare:", default=True)]).run()
