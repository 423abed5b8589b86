//! The system whose encoder, marginal and classifier are free, or all but one of these tables.

use carnot_info::{Channel, Distribution, Joint};
use ndarray::{Array2, ArrayView2};

use super::constant::{constant_letter, tied_letters};
use super::letters::Letters;
use super::problem::{Problem, Task};
use super::solution::Solution;
use super::solver::Solver;
use super::{DiscreteError, DiscreteOptions, DiscreteState, evaluation, kink, observed, response, unpriced};
use crate::{At, Certificate, Equilibrium, Multipliers, Rdc, Response, Responsive, Sidedness, System};

/// A rate-distortion-classification problem on finite alphabets.
///
/// Given are the joint distribution `p(x, y)` of inputs and labels and a distortion `rho(x, z) >= 0` of input x by letter
/// z, in nats (`+inf` forbids the pair, at lambda = 0 too). Free are the encoder `e(z|x)`, the marginal `m(z)` and the
/// classifier `c(y|z)`:
///
/// ```text
/// R = E_x KL(e(z|x) || m(z))    D = E rho(x, z)    C = E[-ln c(y|z)]
/// F(lambda, gamma) = min R + lambda D + gamma C
/// ```
///
/// At `gamma = 0` this is Shannon's rate-distortion function, at `lambda = 0` the information bottleneck of Tishby,
/// Pereira and Bialek. [`with_marginal`](Self::with_marginal) and [`with_classifier`](Self::with_classifier) fix a table;
/// a system with both is a [`GibbsSystem`](crate::GibbsSystem), and a decoder that is free too is a
/// [`FreeDecoderSystem`](crate::FreeDecoderSystem).
///
/// # Certificates
///
/// With `q(y, z)` the joint distribution of labels and letters the objective is
/// `Phi(q) = -sum_x p(x) ln sum_z m_z^(1 - gamma) prod_y q_yz^(gamma p(y|x)) exp(-lambda rho(x, z))`, convex for gamma up
/// to one (at every gamma, if the classifier is given or there is one label). There the result carries
/// [`Certificate::Bound`]: with `w_z` the largest `sum_x p(x) exp(-lambda rho) prod_y c_y^(gamma p(y|x)) / s(x)` that any
/// classifier gives letter z, `F* >= Phi - ln max_z w_z`, and each `w_z` is bounded from above by its gradient. Beyond,
/// a minimum may be local: [`Certificate::Stationary`] says how many starts were tried, and
/// [`DiscreteSystem::branch`] follows one minimum without looking for others.
///
/// # Edges
///
/// At `lambda = 0` D is not identified where letters are alike; it is the limit from above: below gamma = 1, where nothing
/// is encoded, that of the best single letter, and beyond it that of the letters that are best for what is said, of those that
/// are forbidden to the same inputs. Derivatives at `lambda = 0`, `gamma = 0` and `gamma = 1` are one-sided.
/// Where labels tell groups of inputs apart for certain, F has a kink at `lambda = 0`, `gamma = 1` ([`Sidedness::Kink`]). A
/// pair of an input and a label of a probability below 1e-22 counts as one that does not occur.
///
/// ```
/// use carnot_info::Distribution;
/// use carnot_surface::{DiscreteSystem, Multipliers, System};
/// use ndarray::array;
///
/// // A biased bit with Hamming distortion: R(D) = h(p) - h(D) with lambda = ln((1 - D) / D).
/// let bit = Distribution::new(vec![0.8, 0.2])?;
/// let system = DiscreteSystem::rate_distortion(&bit, array![[0.0, 1.0], [1.0, 0.0]].view())?;
/// let equilibrium = system.equilibrium(Multipliers::new(9.0_f64.ln(), 0.0)?, None)?;
/// assert!((equilibrium.rdc.distortion - 0.1).abs() < 1e-12);
/// assert!((equilibrium.rdc.rate - 0.1753194501).abs() < 1e-10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DiscreteSystem {
    pub(super) problem: Problem,
    pub(super) options: DiscreteOptions,
}

impl DiscreteSystem {
    /// The system of a joint distribution `p(x, y)` and a distortion `rho(x, z)`, shape `(n_x, n_z)`, with the marginal and
    /// the classifier free.
    ///
    /// # Errors
    ///
    /// [`DiscreteError`] names the size or the entry that is wrong.
    pub fn new(joint: &Joint, distortion: ArrayView2<'_, f64>) -> Result<Self, DiscreteError> {
        Ok(Self { problem: Problem::new(joint, &distortion)?, options: DiscreteOptions::default() })
    }

    /// Shannon's rate-distortion problem: a source without labels. C is zero.
    ///
    /// # Errors
    ///
    /// As [`DiscreteSystem::new`].
    pub fn rate_distortion(
        source: &Distribution,
        distortion: ArrayView2<'_, f64>,
    ) -> Result<Self, DiscreteError> {
        let one_label = Array2::ones((source.n_outcomes(), 1));
        Self::new(&Joint::from_parts(source, &Channel::new(one_label)?)?, distortion)
    }

    /// The information bottleneck with `n_letters` letters: no distortion, D is zero. Its gamma is the bottleneck's beta.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::NoLetters`] for none.
    pub fn bottleneck(joint: &Joint, n_letters: usize) -> Result<Self, DiscreteError> {
        Self::new(joint, Array2::zeros((joint.n_x(), n_letters)).view())
    }

    /// The same with this marginal given.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::Shape`], and [`DiscreteError::NothingAllowed`] where an input is left without a letter.
    pub fn with_marginal(self, marginal: &Distribution) -> Result<Self, DiscreteError> {
        Ok(Self { problem: self.problem.with_marginal(marginal)?, ..self })
    }

    /// The same with this classifier given, shape `(n_z, n_y)`. A letter to which it denies a label of an input is
    /// forbidden to that input.
    ///
    /// # Errors
    ///
    /// As [`DiscreteSystem::with_marginal`].
    pub fn with_classifier(self, classifier: &Channel) -> Result<Self, DiscreteError> {
        Ok(Self { problem: self.problem.with_classifier(classifier)?, ..self })
    }

    /// The same solved with other options.
    #[must_use]
    pub fn with_options(self, options: DiscreteOptions) -> Self {
        Self { options, ..self }
    }

    /// The number of letters.
    pub fn n_letters(&self) -> usize {
        self.problem.n_z
    }

    /// Whether every stationary point at these multipliers is a global minimum.
    pub fn is_convex(&self, at: Multipliers) -> bool {
        self.task(at).is_convex()
    }

    /// What each letter promises at an equilibrium: the largest `sum_x p(x) exp(-lambda rho) prod_y c_y^(gamma p(y|x)) / s(x)`
    /// found over its classifiers `c`, one for a letter in use. A letter enters, which is a phase transition, where its
    /// promise crosses one (theory, section 3.2). Beyond the convex range it is the largest of several local maxima, of
    /// classifiers that no letter of the same distortions says already.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::Shape`] or [`DiscreteError::ForeignState`] for the state of another system.
    pub fn promises(&self, at: &At<Self>) -> Result<Vec<f64>, DiscreteError> {
        at.state.check(&self.problem)?;
        Ok(self.promises_of(at.multipliers, at.state.letters.clone()))
    }

    pub(super) fn promises_of(&self, at: Multipliers, mut letters: Letters) -> Vec<f64> {
        let mut solver = Solver::new(&self.problem);
        let task = self.task(at);
        if !task.is_convex() {
            return solver.local_promises(task, &letters);
        }
        solver.weigh(task, &mut letters);
        solver.bounds.promises.iter().map(|promise| promise.weight).collect()
    }

    pub(super) fn task(&self, at: Multipliers) -> Task<'_> {
        Task { problem: &self.problem, at }
    }

    /// The encoder `e(z|x)` of an equilibrium, shape `(n_x, n_z)`. An input that does not occur is encoded by the marginal.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::Shape`] or [`DiscreteError::ForeignState`] for the state of another system.
    pub fn encoder(&self, at: &At<Self>) -> Result<Channel, DiscreteError> {
        at.state.check(&self.problem)?;
        let letters = &at.state.letters;
        let mut evaluation = evaluation::Evaluation::new(&self.problem);
        evaluation.objective(self.task(at.multipliers), letters);
        evaluation.update(&self.problem, letters);
        let n_x = self.problem.n_x;
        let in_use = |z: usize| letters.marginal[z] > 0.0;
        let entry = |x: usize, z: usize| if in_use(z) { evaluation.encoder[z * n_x + x] } else { 0.0 };
        Ok(Channel::from_weights(self.problem.spread_inputs(entry, &letters.marginal))?)
    }

    /// The minimum that the alternation and Newton's method reach from `from`, without other starts: where the problem is
    /// not convex, one branch, which may be metastable.
    ///
    /// # Errors
    ///
    /// As [`System::equilibrium`]; [`DiscreteError::Shape`] or [`DiscreteError::ForeignState`] for the state of another
    /// system.
    pub fn branch(&self, at: Multipliers, from: &DiscreteState) -> Result<At<Self>, DiscreteError> {
        from.check(&self.problem)?;
        let task = self.task(at);
        task.check()?;
        if task.is_convex() {
            return self.equilibrium(at, Some(from));
        }
        let mut solver = Solver::new(&self.problem);
        let unpriced = self.problem.unpriced(at).filter(|_| at.lambda() == 0.0);
        let task = Task { problem: unpriced.as_ref().unwrap_or(&self.problem), at };
        let solution = solver.descend_and_part(task, from.letters.clone(), self.options.aim());
        self.finish(at, solution, &mut solver, 1)
    }

    /// The lowest minimum found of a problem that is not convex. Where distortion has no price, or next to none, it is first that
    /// of the bottleneck that is left, beside whose onset letters of other places are told apart by rounding.
    fn search(&self, task: Task<'_>, warm: Option<Letters>, solver: &mut Solver) -> Solution {
        let DiscreteOptions { starts, seed, .. } = self.options;
        let target = self.options.aim();
        let Some(unpriced) = self.problem.unpriced(task.at) else {
            return solver.search(task, warm, starts, seed, target);
        };
        let bottleneck = Task { problem: &unpriced, ..task };
        let mut found = solver.search(bottleneck, warm, starts, seed, target);
        unpriced::place(&self.problem, bottleneck, &mut solver.evaluation, &mut found.letters);
        if task.at.lambda() == 0.0 {
            return Solution { is_evaluated: false, ..found };
        }
        let solution = solver.search(task, Some(found.letters), starts, seed, target);
        Solution { work: solution.work.plus(found.work), ..solution }
    }

    fn finish(
        &self,
        at: Multipliers,
        solution: Solution,
        solver: &mut Solver,
        starts: usize,
    ) -> Result<At<Self>, DiscreteError> {
        let task = self.task(at);
        let convex = task.is_convex();
        let mut solution = if convex {
            solution
        } else {
            let kept = solver.without_leaving(task, solution, self.options.aim());
            solver.settle_locally(task, kept, self.options.aim())
        };
        solution.letters.normalise_absent(&self.problem);
        let is_critical = solver.is_critical(task, &solution);
        solver.evaluate(task, &mut solution);
        let Solution { letters, objective, gap, residual, work, .. } = solution;
        let scale = (objective + at.lambda() * self.problem.least_distortion()).abs().max(1.0);
        let enough = residual <= self.options.residual && (!convex || gap <= self.options.gap * scale);
        if !enough {
            return Err(DiscreteError::NotConverged {
                lambda: at.lambda(),
                gamma: at.gamma(),
                steps: work.newton_steps,
                gap,
                residual,
            });
        }
        let rdc = observed::observe(task, &letters, &solver.evaluation);
        let certificate = if convex {
            Certificate::Bound { gap, residual }
        } else {
            Certificate::Stationary { residual, starts }
        };
        let state = DiscreteState::new(&self.problem, at, letters, work)?.at_transition(is_critical);
        Ok(Equilibrium { multipliers: at, rdc, state, certificate })
    }
}

impl System for DiscreteSystem {
    type Rdc = Rdc;
    type State = DiscreteState;
    type Error = DiscreteError;

    /// The equilibrium, from `from` where that helps; where the problem is not convex, the lowest of several minima, that
    /// of `from` among them.
    ///
    /// # Errors
    ///
    /// [`DiscreteError::NotConverged`] where the tolerances of the options were not met, [`DiscreteError::GammaTooLarge`].
    fn equilibrium(&self, at: Multipliers, from: Option<&DiscreteState>) -> Result<At<Self>, DiscreteError> {
        let task = self.task(at);
        task.check()?;
        let mut solver = Solver::new(&self.problem);
        if let Some(solution) = constant_letter(task) {
            return self.finish(at, solution, &mut solver, 1);
        }
        let from = from.filter(|state| state.check(&self.problem).is_ok());
        if task.is_convex() {
            let start = tied_letters(task).or_else(|| from.map(|from| from.start(task)));
            let solution = solver.solve_from(task, start, self.options.aim());
            let found = self.finish(at, solution, &mut solver, 1)?;
            return Ok(Equilibrium { state: found.state.started_from(from), ..found });
        }
        let warm = from.map(|state| state.letters.clone());
        let starts = 2 + usize::from(warm.is_some()) + self.options.starts;
        let solution = self.search(task, warm, &mut solver);
        self.finish(at, solution, &mut solver, starts)
    }
}

impl Responsive for DiscreteSystem {
    /// # Errors
    ///
    /// [`DiscreteError::Shape`] or [`DiscreteError::ForeignState`] for the state of another system,
    /// [`DiscreteError::NotAMinimum`] at a saddle, [`DiscreteError::NotFinite`] where the response is beyond all numbers.
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, DiscreteError> {
        at.state.check(&self.problem)?;
        let task = self.task(at.multipliers);
        let is_critical = at.state.is_critical(at.multipliers);
        let (response, follows) = response::response(task, &at.state.letters, is_critical)?;
        at.state.learn(at.multipliers, follows);
        let sidedness = if kink::has_kink(task) { Sidedness::Kink } else { response.sidedness };
        Ok(Response { sidedness, ..response })
    }
}
