"""The routes, one file for each noun of the wire. They translate; what they call does the work."""
