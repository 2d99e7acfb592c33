"""How well the check of claims works: errors planted into correct claims, and how many of them it lets through."""
