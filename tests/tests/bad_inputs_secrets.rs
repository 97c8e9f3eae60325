//! Secrets stay out of every text, and hostile text stays inside its log line.
