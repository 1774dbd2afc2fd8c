"""The workbench in a browser: who may come in, the terminal of each guest, and the server between them."""
