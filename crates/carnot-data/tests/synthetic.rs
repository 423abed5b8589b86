//! The synthetic digits: fixed bytes, the manner of MNIST, and the difficulty of MNIST.

use carnot_data::{Batches, DatasetError, ImageDataset, synthetic};
use rayon::ThreadPoolBuilder;

/// Recorded once. Another value means other data: every result on synthetic digits changes with it.
const DIGEST_OF_200_SEED_1: &str = "b56f17746bde0439d02383c7e4e86ca9c769a07f9dff1c90756ac69f8d698ff6";

#[test]
fn the_bytes_are_fixed() {
    assert_eq!(synthetic::digits(200, 1).unwrap().digest(), DIGEST_OF_200_SEED_1);
    assert_ne!(synthetic::digits(200, 2).unwrap().digest(), DIGEST_OF_200_SEED_1);
}

#[test]
fn a_smaller_set_begins_a_larger_one() {
    let many = synthetic::digits(207, 5).unwrap();
    for n_samples in [0, 1, 9, 10, 33, 207] {
        let few = synthetic::digits(n_samples, 5).unwrap();
        let rows: Vec<usize> = (0..n_samples).collect();
        assert_eq!(few, many.select(&rows).unwrap());
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let with_threads = |n| {
        let pool = ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| synthetic::digits(500, 9).unwrap())
    };
    assert_eq!(with_threads(1), with_threads(2));
}

#[test]
fn an_impossible_number_of_samples_is_refused() {
    let refused = |n_samples| synthetic::digits(n_samples, 0).unwrap_err();
    assert!(matches!(refused(usize::MAX), DatasetError::SizeOverflow { n_samples: usize::MAX, .. }));
    // Pixels that can be counted, but not addressed (2^54 * 784 > 2^63), and more memory than any machine has.
    #[cfg(target_pointer_width = "64")]
    for n_samples in [1 << 54, 1 << 50] {
        let error = refused(n_samples);
        assert!(
            matches!(error, DatasetError::OutOfMemory { n_samples: found, .. } if found == n_samples),
            "{error}"
        );
        assert!(error.to_string().contains(&n_samples.to_string()), "{error}");
    }
}

#[test]
fn the_images_are_in_the_manner_of_mnist() {
    let digits = synthetic::digits(2_000, 3).unwrap();
    assert_eq!(digits.class_counts(), [200; 10]);
    for (index, image) in digits.pixels().chunks_exact(784).enumerate() {
        let brightest = image.iter().max().copied().unwrap();
        assert!(brightest >= 200, "sample {index} is pale: {brightest}");
        let ink: f64 = image.iter().map(|&byte| f64::from(byte) / 255.0).sum();
        let centre = |coordinate: fn(usize) -> usize| {
            let sum: f64 = image
                .iter()
                .enumerate()
                .map(|(i, &b)| f64::from(b) / 255.0 * (coordinate(i) as f64 + 0.5))
                .sum();
            sum / ink
        };
        let (x, y) = (centre(|i| i % 28), centre(|i| i / 28));
        // Centre of length at 14 plus a shift of at most 2.1; the pen's pressure moves the centre of ink a little.
        assert!((x - 14.0).abs() < 3.5 && (y - 14.0).abs() < 3.5, "sample {index} is off at ({x}, {y})");
        let rows = image.chunks_exact(28).filter(|row| row.iter().any(|&byte| byte > 127)).count();
        assert!(rows >= 8, "sample {index} is {rows} rows high");
    }
    // MNIST's mean intensity is 0.1307; within a quarter.
    let mean = digits.pixels().iter().map(|&byte| f64::from(byte)).sum::<f64>()
        / 255.0
        / digits.pixels().len() as f64;
    assert!((0.098..0.163).contains(&mean), "{mean}");
}

/// Test accuracy of softmax regression on pixels, trained by Adam with a falling rate.
fn linear_accuracy(train: &ImageDataset, test: &ImageDataset) -> f64 {
    const N_INPUTS: usize = 785; // pixels and a constant
    const N_WEIGHTS: usize = 10 * N_INPUTS;
    const BATCH: usize = 100;
    const N_STEPS: usize = 1_500;
    let features = |dataset: &ImageDataset| {
        let rows: Vec<usize> = (0..dataset.len()).collect();
        let mut pixels = vec![0.0_f32; dataset.len() * 784];
        dataset.pixels_f32_into(&rows, &mut pixels).unwrap();
        pixels.chunks_exact(784).flat_map(|image| image.iter().copied().chain([1.0])).collect::<Vec<f32>>()
    };
    let logits = |weights: &[f32], input: &[f32]| {
        let mut logits = [0.0_f32; 10];
        for (logit, row) in logits.iter_mut().zip(weights.chunks_exact(N_INPUTS)) {
            // Eight sums side by side, so that the compiler can use vector registers.
            let mut sums = [0.0_f32; 8];
            for (a, b) in row.chunks(8).zip(input.chunks(8)) {
                for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                    *sum += a * b;
                }
            }
            *logit = sums.iter().sum();
        }
        logits
    };
    let inputs = features(train);
    let (mut weights, mut first, mut second) =
        (vec![0.0_f32; N_WEIGHTS], vec![0.0_f32; N_WEIGHTS], vec![0.0_f32; N_WEIGHTS]);
    let mut batches = Batches::new(train.len(), BATCH, 0).unwrap();
    let (mut rows, mut gradient) = (Vec::new(), vec![0.0_f32; N_WEIGHTS]);
    for step in 0..N_STEPS {
        batches.next_into(&mut rows);
        gradient.fill(0.0);
        for &row in &rows {
            let input = &inputs[row * N_INPUTS..(row + 1) * N_INPUTS];
            let logits = logits(&weights, input);
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let exponentials = logits.map(|logit| (logit - largest).exp());
            let total: f32 = exponentials.iter().sum();
            for (class, gradient) in gradient.chunks_exact_mut(N_INPUTS).enumerate() {
                let target = f32::from(u8::from(usize::from(train.labels()[row]) == class));
                let error = (exponentials[class] / total - target) / BATCH as f32;
                for (g, x) in gradient.iter_mut().zip(input) {
                    *g += error * x;
                }
            }
        }
        let rate = 3e-3 * (1.0 - step as f32 / N_STEPS as f32);
        let bias = |beta: f32| 1.0 - beta.powi(step as i32 + 1);
        let (bias_first, bias_second) = (bias(0.9), bias(0.999));
        for (((w, m), v), g) in weights.iter_mut().zip(&mut first).zip(&mut second).zip(&gradient) {
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            *w -= rate * (*m / bias_first) / ((*v / bias_second).sqrt() + 1e-8);
        }
    }
    let right = features(test)
        .chunks_exact(N_INPUTS)
        .zip(test.labels())
        .filter(|(input, label)| {
            let logits = logits(&weights, input);
            let best = (0..10).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
            best == Some(usize::from(**label))
        })
        .count();
    right as f64 / test.len() as f64
}

#[test]
fn a_linear_classifier_finds_them_as_hard_as_mnist() {
    let train = synthetic::digits(10_000, 1).unwrap();
    let test = synthetic::digits(4_000, 2).unwrap();
    let accuracy = linear_accuracy(&train, &test);
    // On MNIST, from as many samples: 0.91. Harder than 0.80 the digits are illegible, easier than 0.95
    // there is nothing left for a representation to do.
    assert!((0.80..=0.95).contains(&accuracy), "linear accuracy {accuracy}");
}
