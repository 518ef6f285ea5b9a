"""The troupe: people, animals, buildings and trees of 0 A.D. (CC-BY-SA 3.0) as one cast pack for the stage."""
