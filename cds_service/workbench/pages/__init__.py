"""The pages: each puts the values of `views` on the screen and passes on what is done there."""
