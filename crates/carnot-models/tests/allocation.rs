//! A step of training, or a product with second derivatives, after the first asks for no memory, on any of its threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use allocation_counter::{AllocationInfo, measure};
use carnot_data::synthetic;
use carnot_models::engine::{Batch, Engine};
use carnot_models::{Architecture, Likelihood, Optimiser, OptimiserState, Parameters, Prior};
use carnot_surface::Multipliers;

/// What is done, again and again, with an engine, its parameters and a batch of two samples of z.
type Work<'w> = &'w (dyn Fn(&mut Engine<f32>, &mut [f32], &mut OptimiserState<f32>, &Batch<'_, f32>) + Sync);

/// Allocations on every thread of a pool while work is done that has been done once.
fn allocations(threads: usize, clip_norm: Option<f64>, work: Work<'_>) -> u64 {
    let half = Likelihood::Gaussian { variance: 0.5 };
    let architecture = Architecture::fully_connected(784, &[160, 130], 8, 10, half).expect("it fits");
    let architecture = architecture.with_prior(Prior::LearnedDiagonal);
    let digits = synthetic::digits(200, 1).expect("digits");
    let rows: Vec<usize> = (0..150).collect();
    let noise: Vec<f32> = (0..150 * 2 * 8).map(|i| (i as f32).sin()).collect();
    let weights: Vec<f64> = (1..=150).map(f64::from).collect();
    let batch = Batch::of_images(&digits, &rows, &noise).with_weights(&weights);
    let mut parameters = Parameters::<f32>::initial(&architecture, 1).values().to_vec();
    let optimiser = Optimiser { clip_norm, ..Optimiser::ADAM };
    let mut state = OptimiserState::new(optimiser, parameters.len()).expect("an optimiser");
    let mut engine = Engine::new(&architecture, 150, 2).expect("an engine");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    // Each thread's own buffer for packing matrices is made at its first product, whichever step that comes in.
    pool.broadcast(|_| {
        let mut small = Engine::new(&architecture, 150, 1).expect("an engine");
        let parameters = Parameters::<f32>::initial(&architecture, 1);
        let batch = Batch::of_images(&digits, &rows, &noise[..150 * 8]);
        small.forward(parameters.values(), &batch).expect("losses");
    });
    let mut step = || work(&mut engine, &mut parameters, &mut state, &batch);
    pool.install(&mut step);
    let (done, total) = (AtomicBool::new(false), AtomicU64::new(0));
    let count = |info: AllocationInfo| {
        total.fetch_add(info.count_total, Ordering::SeqCst);
    };
    // One thread takes the steps; the others take what it leaves to them, until it is done.
    let step = std::sync::Mutex::new(step);
    pool.broadcast(|context| {
        if context.index() == 0 {
            let mut step = step.lock().expect("the only one");
            count(measure(|| {
                for _ in 0..10 {
                    step();
                }
            }));
            done.store(true, Ordering::SeqCst);
        } else {
            count(measure(|| {
                while !done.load(Ordering::SeqCst) {
                    rayon::yield_now();
                }
            }));
        }
    });
    total.into_inner()
}

#[test]
fn a_step_after_the_first_allocates_nothing() {
    let at = Multipliers::new(1.0, 1.0).expect("valid");
    for threads in [1, 2] {
        for clip_norm in [None, Some(1.0)] {
            let counted = allocations(threads, clip_norm, &|engine, parameters, state, batch| {
                engine.descend(parameters, state, batch, at, 1e-3).expect("a step");
            });
            assert_eq!(counted, 0, "{threads} threads, clipping {clip_norm:?}");
        }
    }
}

#[test]
fn a_product_after_the_first_allocates_nothing() {
    let at = Multipliers::new(1.0, 1.0).expect("valid");
    for threads in [1, 2] {
        let counted = allocations(threads, None, &|engine, parameters, _, batch| {
            let mut linearised = engine.linearise(parameters, batch, at).expect("a gradient");
            linearised.hessian_product(parameters).expect("a product");
            linearised.gauss_newton_product(parameters).expect("a product");
        });
        assert_eq!(counted, 0, "{threads} threads");
    }
}

#[test]
fn what_is_allocated_is_counted() {
    assert!(measure(|| drop(std::hint::black_box(vec![1u8; 100]))).count_total > 0);
}
