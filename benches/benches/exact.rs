//! Equilibria, responses and a process of linear-Gaussian systems.

use carnot_benches::gaussian_system;
use carnot_process::{Drive, Hold, Process};
use carnot_surface::{Multipliers, Responsive, System};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn exact(criterion: &mut Criterion) {
    let at = Multipliers::new(2.0, 1.0).expect("valid multipliers");
    let mut group = criterion.benchmark_group("gaussian");
    for n in [4, 16, 64] {
        let system = gaussian_system(n).expect("a valid system");
        let equilibrium = system.equilibrium(at, None).expect("an equilibrium");
        group.bench_function(BenchmarkId::new("equilibrium", n), |b| b.iter(|| system.equilibrium(at, None)));
        group.bench_function(BenchmarkId::new("response", n), |b| b.iter(|| system.response(&equilibrium)));
        let process = Process::new(Hold::Classification, Drive::LambdaTo(0.25));
        group.bench_function(BenchmarkId::new("iso-classification", n), |b| {
            b.iter(|| process.run(&system, at))
        });
    }
    group.finish();
}

criterion_group!(benches, exact);
criterion_main!(benches);
