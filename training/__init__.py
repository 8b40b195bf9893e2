"""Fitting and measuring models for stance."""
