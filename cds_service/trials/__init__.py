"""The library of trials: files loaded, checked and compiled; facts turned into a verdict, criterion by criterion."""
