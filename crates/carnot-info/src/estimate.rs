use crate::InfoError;
use crate::error::check_length;
use crate::numeric::sum;
use std::fmt;

/// A mean that was measured, with its standard error, which is never negative.
///
/// Made from samples it is finite; arithmetic on it follows that of `f64`, so that what overflows is infinite.
///
/// Everything known exactly is an `f64`; what comes from samples, of data, noise or training runs, is an
/// `Estimate`.
///
/// ```
/// # use carnot_info::Estimate;
/// # fn main() -> Result<(), carnot_info::InfoError> {
/// let loss = Estimate::from_samples(&[0.31, 0.29, 0.33, 0.27])?;
/// assert_eq!(format!("{loss:.3}"), "0.300 ± 0.013");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Estimate {
    mean: f64,
    std_err: f64,
}

/// What may have been written as an estimate.
#[derive(serde::Deserialize)]
struct Unchecked {
    mean: f64,
    std_err: f64,
}

impl TryFrom<Unchecked> for Estimate {
    type Error = InfoError;

    fn try_from(Unchecked { mean, std_err }: Unchecked) -> Result<Self, InfoError> {
        Self::from_mean_and_std_err(mean, std_err)
    }
}

impl Estimate {
    /// The mean of independent samples and its standard error, `sqrt( sum_i (x_i - mean)^2 / (n - 1) / n )`.
    ///
    /// # Errors
    ///
    /// [`InfoError::TooFewSamples`] for fewer than two, [`InfoError::NonFinite`] for a NaN or infinity among them,
    /// [`InfoError::InvalidEstimate`] when the mean or the variance leaves the range of `f64`.
    pub fn from_samples(samples: &[f64]) -> Result<Self, InfoError> {
        Self::from_checked_len(samples.len(), "samples", samples.iter().copied())
    }

    /// The mean of the differences `minuend_i - subtrahend_i` of paired samples, measured on the same data with
    /// the same random numbers, say, so that what the two have in common cancels.
    ///
    /// # Errors
    ///
    /// [`InfoError::LengthMismatch`] when the lengths differ, and those of [`from_samples`](Self::from_samples)
    /// on the differences.
    pub fn paired_difference(minuend: &[f64], subtrahend: &[f64]) -> Result<Self, InfoError> {
        check_length("length of subtrahend against minuend", minuend.len(), subtrahend.len())?;
        let differences = minuend.iter().zip(subtrahend).map(|(a, b)| a - b);
        Self::from_checked_len(minuend.len(), "differences", differences)
    }

    /// The estimate with this mean and standard error. An exact number has standard error zero.
    ///
    /// # Errors
    ///
    /// [`InfoError::InvalidEstimate`] unless both are finite and `std_err >= 0`.
    pub fn from_mean_and_std_err(mean: f64, std_err: f64) -> Result<Self, InfoError> {
        if mean.is_finite() && std_err.is_finite() && std_err >= 0.0 {
            Ok(Self { mean, std_err })
        } else {
            Err(InfoError::InvalidEstimate { mean, std_err })
        }
    }

    fn from_checked_len(
        n: usize,
        what: &'static str,
        samples: impl Iterator<Item = f64> + Clone,
    ) -> Result<Self, InfoError> {
        if n < 2 {
            return Err(InfoError::TooFewSamples { found: n });
        }
        if let Some((index, value)) = samples.clone().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(InfoError::NonFinite { what, index, value });
        }
        let n = n as f64;
        let mean = sum(samples.clone()) / n;
        // A second pass, for sum x^2 - n mean^2 loses every digit when the mean is large; and less the square of
        // the mean's own rounding error.
        let squares = sum(samples.clone().map(|x| (x - mean) * (x - mean)));
        let rounding = sum(samples.map(|x| x - mean));
        let variance = (squares - rounding * rounding / n).max(0.0) / (n - 1.0);
        Self::from_mean_and_std_err(mean, (variance / n).sqrt())
    }

    /// The mean.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.mean
    }

    /// The standard error of the mean.
    #[must_use]
    pub fn std_err(self) -> f64 {
        self.std_err
    }

    /// An exactly known number: standard error zero.
    #[must_use]
    pub fn exact(mean: f64) -> Self {
        Self { mean, std_err: 0.0 }
    }

    /// The same mean with the standard error `|std_err|`.
    #[must_use]
    pub fn with_std_err(self, std_err: f64) -> Self {
        Self { std_err: std_err.abs(), ..self }
    }

    /// The sum of two independent estimates: means add, squares of standard errors add.
    #[must_use]
    pub fn plus_independent(self, other: Self) -> Self {
        Self { mean: self.mean + other.mean, std_err: self.std_err.hypot(other.std_err) }
    }

    /// The difference `self - other` of two independent estimates. For measurements that share data or random
    /// numbers use [`paired_difference`](Self::paired_difference).
    #[must_use]
    pub fn minus_independent(self, other: Self) -> Self {
        Self { mean: self.mean - other.mean, std_err: self.std_err.hypot(other.std_err) }
    }

    /// The estimate of `factor` times the quantity.
    #[must_use]
    pub fn scale(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, std_err: self.std_err * factor.abs() }
    }

    /// `(mean - reference) / std_err`: how many standard errors the mean lies above `reference`.
    ///
    /// With a standard error of zero it is 0 when the two are equal and infinite, with the sign of the difference,
    /// when not. A NaN reference gives NaN.
    #[must_use]
    pub fn z_score(self, reference: f64) -> f64 {
        let difference = self.mean - reference;
        if difference == 0.0 { 0.0 } else { difference / self.std_err }
    }
}

/// `mean ± std_err`; a precision, as in `{:.3}`, applies to both.
impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.mean, f)?;
        f.write_str(" ± ")?;
        fmt::Display::fmt(&self.std_err, f)
    }
}
