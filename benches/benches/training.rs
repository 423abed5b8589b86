//! Steps of training of the fully connected model.

use carnot_data::synthetic;
use carnot_models::{Architecture, LearnedSystem, Likelihood, Relaxation};
use carnot_surface::{Multipliers, System};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Steps in one measured relaxation: enough that its two evaluations of a small set do not count.
const STEPS: u64 = 40;

fn training(criterion: &mut Criterion) {
    let at = Multipliers::new(2.0, 1.0).expect("valid multipliers");
    let digits = synthetic::digits(2_000, 1).expect("digits");
    let few = digits.select(&[0, 1]).expect("two digits");
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10).throughput(Throughput::Elements(STEPS));
    for batch_size in [64, 128, 512] {
        let half = Likelihood::Gaussian { variance: 0.5 };
        let architecture = Architecture::fully_connected(784, &[512, 256], 16, 10, half).expect("it fits");
        let relaxation = Relaxation { initial_steps: 0, steps: STEPS, batch_size, ..Relaxation::default() };
        let system = LearnedSystem::new(architecture, digits.clone(), few.clone(), relaxation, 1)
            .expect("a valid system");
        let start = system.equilibrium(at, None).expect("a start");
        group.bench_function(BenchmarkId::new("relaxation", batch_size), |b| {
            b.iter(|| system.equilibrium(at, Some(&start.state)));
        });
    }
    group.finish();
}

criterion_group!(benches, training);
criterion_main!(benches);
