//! [`Fourier`]: the discrete Fourier transform of a power of two of points.

/// A complex number: real and imaginary part.
pub(super) type Complex = (f64, f64);

/// The transform of one length, with its roots of unity.
#[derive(Debug)]
pub(super) struct Fourier {
    /// exp(-2 pi i k / length) for the first half of the circle.
    roots: Vec<Complex>,
}

impl Fourier {
    /// Makes the transform of `length` points, a power of two, at least two.
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    pub(super) fn new(length: usize) -> Self {
        let root = |k: usize| {
            let (sin, cos) = libm::sincos(-2.0 * std::f64::consts::PI * k as f64 / length as f64);
            (cos, sin)
        };
        Self { roots: (0..length / 2).map(root).collect() }
    }

    /// Transforms points in place (Cooley and Tukey 1965).
    pub(super) fn transform(&self, points: &mut [Complex]) {
        let length = points.len();
        let bits = length.trailing_zeros();
        for index in 0..length {
            let mirrored = index.reverse_bits() >> (usize::BITS - bits);
            if index < mirrored {
                points.swap(index, mirrored);
            }
        }
        let mut half = 1;
        while half < length {
            let stride = length / (2 * half);
            for chunk in points.chunks_exact_mut(2 * half) {
                let (low, high) = chunk.split_at_mut(half);
                for ((a, b), root) in low.iter_mut().zip(high).zip(self.roots.iter().step_by(stride)) {
                    let turned = (b.0 * root.0 - b.1 * root.1, b.0 * root.1 + b.1 * root.0);
                    (*a, *b) = ((a.0 + turned.0, a.1 + turned.1), (a.0 - turned.0, a.1 - turned.1));
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_the_sum_that_defines_it() {
        let points: Vec<Complex> = (0..16_i32).map(|k| (f64::from(k * k % 7), f64::from(k % 3))).collect();
        let mut found = points.clone();
        Fourier::new(16).transform(&mut found);
        for (j, found) in (0..16_i32).zip(&found) {
            let mut expected = (0.0, 0.0);
            for (k, point) in (0..16_i32).zip(&points) {
                let angle = -2.0 * std::f64::consts::PI * f64::from(j * k) / 16.0;
                let (sin, cos) = libm::sincos(angle);
                expected.0 += point.0 * cos - point.1 * sin;
                expected.1 += point.0 * sin + point.1 * cos;
            }
            let off = (found.0 - expected.0).abs() + (found.1 - expected.1).abs();
            assert!(off < 1e-12, "{j}: {found:?} {expected:?}");
        }
    }
}
