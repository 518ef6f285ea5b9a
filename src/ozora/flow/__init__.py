"""Flow matching: path, schedule, solvers, guidance, canvas. Never imports the model; a solver takes a velocity."""
