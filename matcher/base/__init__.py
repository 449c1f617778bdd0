"""The ground: errors, notices, limits and progress, names, number types, words on a screen."""
