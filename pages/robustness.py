"""Robustness: would another model, or an untrained one, be explained by the same words?"""

import streamlit as st

st.title("Would another model be explained by the same words?")
