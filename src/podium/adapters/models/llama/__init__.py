"""A local model: llama.cpp in a child process, so that its memory and its crashes are not ours."""
