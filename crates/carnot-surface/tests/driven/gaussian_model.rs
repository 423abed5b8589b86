//! tau is `E_1 - E_0` of the objective of a fixed model: the model of an equilibrium, taken apart and evaluated on the moments
//! of both ends.

use carnot_surface::{
    Driven, GaussianPath, JointGaussian, Modes, MovingGaussian, MovingGaussianBottleneck, Multipliers,
};
use carnot_testkit::assert_close;
use carnot_testkit::strategies::log_uniform;
use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, Side};
use ndarray::Array2;
use proptest::prelude::*;

use super::gaussian::{ends, multipliers};
use super::{force, solve};

fn mat(array: &Array2<f64>) -> Mat<f64> {
    Mat::from_fn(array.nrows(), array.ncols(), |i, j| array[(i, j)])
}

/// `tr(A B)` of symmetric matrices.
fn pairing(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a * b).diagonal().column_vector().sum()
}

/// A linear-Gaussian model with offsets, made for the moments of one time: latent `z = A (x - E x) + noise` of covariance N,
/// marginal `N(0, A Sx A' + N)`, and estimates of `x - E x` and `y - E y` that are linear in z.
struct Model {
    mean: Vec<f64>,
    encoder: Mat<f64>,
    noise: Mat<f64>,
    marginal: Mat<f64>,
    decoder: Mat<f64>,
    head: Mat<f64>,
    decoder_variance: f64,
    head_noise: Mat<f64>,
    n: usize,
}

impl Model {
    /// `z = u + noise` for the whitened coordinates u of active modes, with the noise `1 / (mu - 1)` that leaves the
    /// posterior variance `1 / mu`.
    fn at(
        moments: &JointGaussian,
        modes: &Modes,
        posterior: &Array2<f64>,
        noises: (f64, Option<f64>),
    ) -> Self {
        let n = moments.source_dimension();
        let block = |row: usize, column: usize, rows: usize, columns: usize| {
            Mat::from_fn(rows, columns, |i, j| moments.covariance()[(row + i, column + j)])
        };
        let k = moments.target_dimension();
        let (source, cross, target) = (block(0, 0, n, n), block(n, 0, k, n), block(n, n, k, k));
        // Sx = L L', and L^-1 T L^-T has the eigenvalues 1 / mu in its frame V: ascending, strongest first.
        let factor = source.llt(Side::Lower).expect("positive definite").L().to_owned();
        let mut whitened = mat(posterior);
        factor.solve_lower_triangular_in_place(&mut whitened);
        let mut whitened = whitened.transpose().to_owned();
        factor.solve_lower_triangular_in_place(&mut whitened);
        let eigen = whitened.self_adjoint_eigen(Side::Lower).expect("eigenvalues");
        let active = modes.active();
        let variance = |mode: usize| eigen.S().column_vector()[mode];
        let frame = Mat::from_fn(n, active, |i, mode| eigen.U()[(i, mode)]);
        let mut encoder = frame.clone();
        factor.transpose().solve_upper_triangular_in_place(&mut encoder);
        let encoder = encoder.transpose().to_owned();
        let noise =
            Mat::from_fn(active, active, |i, j| if i == j { variance(i) / (1.0 - variance(i)) } else { 0.0 });
        let marginal = &encoder * &source * encoder.transpose() + &noise;
        let inverse = marginal.llt(Side::Lower).expect("positive definite").inverse();
        let decoder = &source * encoder.transpose() * &inverse;
        let head = &cross * encoder.transpose() * &inverse;
        let head_noise = match noises.1 {
            Some(variance) => faer::Scale(variance) * Mat::<f64>::identity(k, k),
            // Free: the covariance of what is left of y.
            None => &target - &head * &marginal * head.transpose(),
        };
        Self {
            mean: moments.mean().to_vec(),
            encoder,
            noise,
            marginal,
            decoder,
            head,
            decoder_variance: noises.0,
            head_noise,
            n,
        }
    }

    /// `R + lambda D + gamma C` of this model on data with these moments.
    fn objective(&self, moments: &JointGaussian, at: Multipliers) -> f64 {
        let (n, joint) = (self.n, moments.mean().len());
        // Second moments around the means that the model was made for.
        let d: Vec<f64> = moments.mean().iter().zip(&self.mean).map(|(a, b)| a - b).collect();
        let second = Mat::from_fn(joint, joint, |i, j| moments.covariance()[(i, j)] + d[i] * d[j]);
        let source = second.submatrix(0, 0, n, n).to_owned();
        let ln_det = |matrix: &Mat<f64>| {
            let factor = matrix.llt(Side::Lower).expect("positive definite");
            2.0 * factor.L().diagonal().column_vector().iter().map(|entry| entry.ln()).sum::<f64>()
        };
        let latent = &self.encoder * &source * self.encoder.transpose() + &self.noise;
        let inverse = self.marginal.llt(Side::Lower).expect("positive definite").inverse();
        // E KL(e || m) = 1/2 (tr(m^-1 E zz') - dim + ln det m / det noise).
        let rate = 0.5
            * (pairing(&inverse, &latent) - latent.nrows() as f64 + ln_det(&self.marginal)
                - ln_det(&self.noise));
        // What an estimate `G z` leaves of coordinates `select (x, y)`: E of the outer product.
        let left_over = |offset: usize, estimate: &Mat<f64>| {
            let rows = estimate.nrows();
            let through = estimate * &self.encoder;
            let residual = Mat::from_fn(rows, joint, |i, j| {
                let own = if j == offset + i { 1.0 } else { 0.0 };
                if j < n { own - through[(i, j)] } else { own }
            });
            &residual * &second * residual.transpose() + estimate * &self.noise * estimate.transpose()
        };
        let tau_ln = std::f64::consts::TAU.ln();
        let squared = left_over(0, &self.decoder).diagonal().column_vector().sum();
        let distortion =
            0.5 * squared / self.decoder_variance + 0.5 * n as f64 * (tau_ln + self.decoder_variance.ln());
        let precision = self.head_noise.llt(Side::Lower).expect("positive definite").inverse();
        let classification = 0.5 * pairing(&precision, &left_over(n, &self.head))
            + 0.5 * ((joint - n) as f64 * tau_ln + ln_det(&self.head_noise));
        rate + at.lambda() * distortion + at.gamma() * classification
    }
}

proptest! {
    #[test]
    fn the_force_is_what_a_fixed_model_feels(
        (source, target) in ends(),
        time in 0.05..0.95f64,
        (decoder, head) in (log_uniform(0.1, 10.0), log_uniform(0.1, 10.0)),
        multipliers in multipliers(),
    ) {
        let path = GaussianPath::mixture(&source, &target).expect("a path");
        let moments = path.at(time).expect("moments");
        let fixed = MovingGaussian::new(path.clone(), decoder, head).expect("a moving system");
        let free = MovingGaussianBottleneck::new(path, decoder).expect("a moving system");
        let of_fixed = solve(&fixed, time, multipliers);
        let of_free = solve(&free, time, multipliers);
        let posteriors = [
            fixed.at(time).expect("a system").posterior_covariance(&of_fixed.state).expect("a covariance"),
            free.at(time).expect("a system").posterior_covariance(&of_free.state).expect("a covariance"),
        ];
        let cases = [
            (&of_fixed, &posteriors[0], Some(head), force(&fixed, time, &of_fixed)),
            (&of_free, &posteriors[1], None, force(&free, time, &of_free)),
        ];
        for (equilibrium, posterior, head, force) in cases {
            // A mode that is hardly encoded has a noise that is hardly a number.
            prop_assume!(equilibrium.state.strengths().iter().all(|mu| *mu < 1.0 || *mu > 1.0 + 1e-4));
            prop_assume!(equilibrium.state.active() > 0);
            let model = Model::at(&moments, &equilibrium.state, posterior, (decoder, head));
            let [at_source, now, at_target] =
                [&source, &moments, &target].map(|moments| model.objective(moments, multipliers));
            let scale = at_source.abs() + at_target.abs() + 1.0;
            // Conditions of 1e4 and of the noise; the envelope theorem leaves an error of second order in the residual.
            assert_close!(now, equilibrium.free_energy(), 1e-9, 1e-9);
            assert_close!(force.free_energy, at_target - at_source, 0.0, 1e-9 * scale);
            // Affine in t at a fixed model.
            assert_close!(now, (1.0 - time) * at_source + time * at_target, 0.0, 1e-9 * scale);
        }
    }
}
