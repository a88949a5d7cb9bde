"What goes wrong sooner or later: each fault is made on purpose, and what comes of it is counted in one table"
