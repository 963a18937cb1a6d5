"""The child process: trains, ranks and predicts. It reads commands from standard input and writes
events to standard output, one JSON object a line.
"""
