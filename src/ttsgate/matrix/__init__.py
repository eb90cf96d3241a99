"""The compatibility matrix: which SDK release behaves how, in which interpreter, since when."""
