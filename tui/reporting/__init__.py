"""What people read, as text: tables, sentences, and a finished proof for the terminal, as an HTML page, as Markdown."""
