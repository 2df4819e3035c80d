"""The operator's verbs that ask a running blog."""
