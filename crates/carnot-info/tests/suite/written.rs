//! Distributions, channels and estimates that are written and read again.

use carnot_info::{Channel, Distribution, Estimate, InfoError};
use proptest::prelude::*;

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    read(&serde_json::to_string(value).expect("text")).expect("the same")
}

proptest! {
    #[test]
    fn no_bit_changes(weights in prop::collection::vec((-300.0..1.0f64).prop_map(|log| 10f64.powf(log)), 1..40)) {
        let distribution = Distribution::from_weights(weights.clone()).expect("weights");
        prop_assert_eq!(&again(&distribution), &distribution);
        let n = weights.len();
        let table = ndarray::Array2::from_shape_fn((3, n), |(row, column)| weights[(column + row) % n]);
        let channel = Channel::from_weights(table).expect("weights");
        prop_assert_eq!(&again(&channel), &channel);
        let estimate = Estimate::exact(-weights[0]).with_std_err(weights[n - 1]);
        prop_assert_eq!(again(&estimate), estimate);
    }
}

#[test]
fn what_is_none_is_refused() {
    let said = |error: InfoError| Err(error.to_string());
    let distribution = |text: &str| read::<Distribution>(text).map(|_| ());
    assert_eq!(distribution("[1.5, -0.5]"), said(InfoError::InvalidProbability { index: 1, value: -0.5 }));
    assert!(distribution("[0.5, 0.25]").is_err_and(|error| error.starts_with("the entries sum to 0.75")));
    assert_eq!(distribution("[]"), said(InfoError::EmptyAlphabet { rows: 1, columns: 0 }));
    assert!(distribution("[1.0, null]").is_err());
    let channel = |text: &str| read::<Channel>(text).map(|_| ());
    assert_eq!(
        channel("[[0.5, 0.5], [-0.5, 1.5]]"),
        said(InfoError::InvalidEntry { row: 1, column: 0, value: -0.5 })
    );
    assert!(channel("[[0.5, 0.5], [0.5, 0.25]]").is_err_and(|error| error.starts_with("row 1 sums to 0.75")));
    assert!(channel("[[0.5, 0.5], [1.0]]").is_err_and(|error| error.ends_with("expected 2, found 1")));
    assert_eq!(channel("[]"), said(InfoError::EmptyAlphabet { rows: 0, columns: 0 }));
    let estimate = read::<Estimate>(r#"{"mean": 1.0, "std_err": -0.5}"#).map(|_| ());
    assert_eq!(estimate, said(InfoError::InvalidEstimate { mean: 1.0, std_err: -0.5 }));
}

#[test]
fn what_is_one_to_ten_digits_is_divided_by_its_sum() {
    let read: Distribution = read("[0.3333333333, 0.6666666667, -0.0]").expect("a distribution");
    assert_eq!(Ok(read.clone()), Distribution::new(vec![0.333_333_333_3, 0.666_666_666_7, 0.0]));
    assert!(read.probabilities()[2].is_sign_positive());
    let exact: Distribution = serde_json::from_str("[1.0, -0.0]").expect("a distribution");
    assert!(exact.probabilities()[1].is_sign_positive());
}
