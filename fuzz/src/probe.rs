//! What is asked of every reader: that it does not panic, that it allocates no more than its input accounts for, and that
//! what it accepts comes back as it was.

use std::{
    error::Error,
    fmt::{self, Write},
    hash::{DefaultHasher, Hash, Hasher},
};

/// What a reader may allocate whatever the input, in bytes: lists begin with a few places, and errors have texts.
pub const FIXED_BYTES: u64 = 2 << 10;

/// What a reader may allocate for each byte of the input, in bytes. The greediest read lists whose elements take two bytes
/// on the wire; a list that grows holds its old and its new place for a moment.
pub const BYTES_PER_BYTE: u64 = 256;

/// A property that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The step that broke it.
    pub step: &'static str,
    /// What it did.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.what)
    }
}

/// Goes with one input through its readers.
#[derive(Debug)]
pub struct Probe {
    length: u64,
    /// What is being done, for the report of a panic.
    pub step: &'static str,
    /// How many readers accepted the input.
    pub accepted: u64,
    /// Which ones.
    pub accepted_by: Vec<&'static str>,
    /// How many refused it.
    pub refused: u64,
    /// The most that a reader had allocated at one time, in bytes.
    pub peak: u64,
    outcome: DefaultHasher,
}

impl Probe {
    /// Begins with an input of so many bytes.
    pub fn new(length: usize) -> Self {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        Self {
            length,
            step: "",
            accepted: 0,
            accepted_by: Vec::new(),
            refused: 0,
            peak: 0,
            outcome: DefaultHasher::new(),
        }
    }

    /// Reads the input: what was read, or `None` if the reader refused it.
    ///
    /// # Errors
    /// [`Broken`] if the reader allocated too much.
    pub fn read<T, E: Error>(
        &mut self,
        step: &'static str,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<Option<T>, Broken> {
        self.read_beyond(step, 0, read)
    }

    /// The same of a reader that may allocate `granted` bytes more, which do not count.
    ///
    /// # Errors
    /// [`Broken`] if the reader allocated more.
    pub fn read_beyond<T, E: Error>(
        &mut self,
        step: &'static str,
        granted: u64,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<Option<T>, Broken> {
        self.step = step;
        let mut result = None;
        let allocated = allocation_counter::measure(|| result = Some(read()));
        let peak = allocated.bytes_max.saturating_sub(granted);
        self.peak = self.peak.max(peak);
        let allowed = FIXED_BYTES + BYTES_PER_BYTE * self.length;
        if peak > allowed {
            let length = self.length;
            return Err(self.broken(format!("allocated {peak} bytes for {length}; {allowed} are allowed")));
        }
        match result {
            Some(Ok(value)) => {
                self.accepted += 1;
                self.accepted_by.push(step);
                self.note(&step);
                Ok(Some(value))
            }
            Some(Err(error)) => {
                self.refused += 1;
                self.note_error(&error);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Two values that must be the same. One with a NaN is like no other, not even itself: its bytes decide.
    ///
    /// # Errors
    /// [`Broken`] if they are not.
    pub fn same<T: PartialEq>(&self, what: &str, value: &T, again: &T) -> Result<(), Broken> {
        #[expect(clippy::eq_op, reason = "a NaN")]
        let comparable = value == value;
        if comparable && value != again {
            return Err(self.broken(format!("{what} comes back as another")));
        }
        Ok(())
    }

    /// A property that the present step broke.
    pub fn broken(&self, what: impl Into<String>) -> Broken {
        Broken { step: self.step, what: what.into() }
    }

    /// Something that tells this input from others.
    pub fn note(&mut self, what: &impl Hash) {
        what.hash(&mut self.outcome);
    }

    /// The same of an error: its text and its sources', without numbers.
    pub fn note_error(&mut self, error: &dyn Error) {
        let mut next = Some(error);
        while let Some(error) = next {
            // Hashing cannot fail.
            let _ = write!(WithoutNumbers(&mut self.outcome), "{error}");
            next = error.source();
        }
    }

    /// What was noted, as a number: inputs that differ in it took different ways.
    pub fn way(&self) -> u64 {
        self.outcome.finish()
    }

    /// How many bytes were allocated for each byte of the input, beyond what any input may take.
    pub fn ratio(&self) -> f64 {
        let beyond = self.peak.saturating_sub(FIXED_BYTES);
        if beyond == 0 { 0.0 } else { beyond as f64 / self.length.max(1) as f64 }
    }
}

struct WithoutNumbers<'a>(&'a mut DefaultHasher);

impl Write for WithoutNumbers<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split(|c: char| c.is_ascii_digit() || c == '-') {
            self.0.write(piece.as_bytes());
        }
        Ok(())
    }
}
