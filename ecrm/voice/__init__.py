"""What customers say in public: reviews by verified buyers."""
