"""The blind review: what two teachers wrote, side by side, judged without knowing who wrote what."""
