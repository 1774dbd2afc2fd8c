"""What teaching costs: the time of people, the tokens of LLMs, and what was got for them."""
