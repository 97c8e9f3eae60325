//! Hostile and damaged answers as the Table Store client reads them.
