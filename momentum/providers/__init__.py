"""Where recordings come from. Each provider is one file of vendor facts; none knows another."""
