"""What is concluded from behaviour: models trained on orders, stored recommendations, and placements."""
