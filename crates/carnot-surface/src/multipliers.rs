//! The multipliers lambda and gamma, checked once.

/// The Lagrange multipliers of the free energy `F(lambda, gamma) = min R + lambda D + gamma C`: `lambda` is the price
/// of a nat of distortion and `gamma` the price of a nat of classification loss, both in nats of rate. Both are finite
/// and not negative.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Multipliers {
    lambda: f64,
    gamma: f64,
}

/// What may have been written as multipliers.
#[derive(serde::Deserialize)]
struct Unchecked {
    lambda: f64,
    gamma: f64,
}

impl TryFrom<Unchecked> for Multipliers {
    type Error = InvalidMultiplier;

    fn try_from(Unchecked { lambda, gamma }: Unchecked) -> Result<Self, InvalidMultiplier> {
        Self::new(lambda, gamma)
    }
}

impl Multipliers {
    /// The pair `(lambda, gamma)`.
    ///
    /// # Errors
    ///
    /// [`InvalidMultiplier`] names the multiplier that is NaN, infinite or negative.
    pub fn new(lambda: f64, gamma: f64) -> Result<Self, InvalidMultiplier> {
        for (name, value) in [("lambda", lambda), ("gamma", gamma)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(InvalidMultiplier { name, value });
            }
        }
        // -0.0 to 0.0.
        Ok(Self { lambda: lambda + 0.0, gamma: gamma + 0.0 })
    }

    /// The multiplier of the distortion.
    pub fn lambda(self) -> f64 {
        self.lambda
    }

    /// The multiplier of the classification loss.
    pub fn gamma(self) -> f64 {
        self.gamma
    }

    /// The same lambda with another gamma, known to be a multiplier.
    pub(crate) fn with_gamma(self, gamma: f64) -> Self {
        Self { gamma, ..self }
    }
}

/// A multiplier that is not a finite number `>= 0`.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the multiplier {name} must be finite and not negative, not {value:?}")]
pub struct InvalidMultiplier {
    /// `lambda` or `gamma`.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_multiplier_is_refused_by_name() {
        for bad in [f64::NAN, f64::INFINITY, -1e-300] {
            let in_lambda = Multipliers::new(bad, 1.0).expect_err("not a multiplier");
            let in_gamma = Multipliers::new(1.0, bad).expect_err("not a multiplier");
            assert_eq!((in_lambda.name, in_gamma.name), ("lambda", "gamma"));
        }
        assert!(Multipliers::new(0.0, f64::MAX).is_ok());
    }

    #[test]
    fn zero_has_no_sign() {
        let none = Multipliers::new(-0.0, -0.0).expect("valid");
        assert!(none.lambda().is_sign_positive() && none.gamma().is_sign_positive());
    }
}
