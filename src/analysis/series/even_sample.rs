//! [`EvenSample`]: some of a long list.

/// Keeps at most so many of a long list, evenly: every one, then every second, then every fourth.
#[derive(Debug, Clone)]
pub struct EvenSample<T> {
    kept: Vec<T>,
    most: usize,
    stride: u64,
    seen: u64,
}

impl<T> EvenSample<T> {
    /// Makes a list that keeps at most `most`.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { kept: Vec::new(), most, stride: 1, seen: 0 }
    }

    /// Adds one.
    pub fn add(&mut self, item: T) {
        self.add_with(|| item);
    }

    /// Adds one, which is made only if it is kept.
    pub fn add_with(&mut self, item: impl FnOnce() -> T) {
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(item());
        }
        self.seen += 1;
        if self.kept.len() > self.most {
            let mut keep = false;
            self.kept.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride *= 2;
        }
    }

    /// Returns those that stay, and how many there were.
    #[must_use]
    pub fn finish(self) -> (Vec<T>, u64) {
        (self.kept, self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_evenly_spans_all() {
        let mut list = EvenSample::new(100);
        (0..12_345).for_each(|item| list.add(item));
        let (kept, seen) = list.finish();
        assert_eq!(seen, 12_345);
        assert!(kept.len() > 50 && kept.len() <= 100);
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == 128), "{kept:?}");
    }
}
