"""The child process: trains, ranks and predicts; hears commands and says events, one JSON object a
line.
"""
