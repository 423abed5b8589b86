//! Parameters written for other readers.

use std::fs;

use carnot_models::{Architecture, Layer, Likelihood, ModelError, Parameters};
use safetensors::SafeTensors;

use super::{chain, in_folder, plans};

#[test]
fn exported_parameters_are_read_back_and_others_are_refused() {
    in_folder(|folder| {
        let [smaller, _, learned] = plans().map(|plan| plan.architecture);
        let path = folder.join("model.safetensors");
        let single = Parameters::<f32>::initial(&learned, 1);
        single.export(&learned, &path).expect("a file");
        assert_eq!(Parameters::import(&learned, &path).expect("parameters"), single);
        let bytes = fs::read(&path).expect("bytes");
        let file = SafeTensors::deserialize(&bytes).expect("tensors");
        let shape = |name: &str| file.tensor(name).expect("a tensor").shape().to_vec();
        assert_eq!(shape("encoder.0.weight"), [8, 784]);
        assert_eq!([shape("decoder.2.bias"), shape("prior.mean")], [vec![784], vec![2]]);
        let error = chain(&Parameters::<f64>::import(&learned, &path).expect_err("another type"));
        assert!(error.contains("is of type F32, not F64"), "{error}");
        let error = chain(&Parameters::<f32>::import(&smaller, &path).expect_err("another model"));
        assert!(error.contains("the model has no tensor prior.log_variance"), "{error}");
        let error = single.export(&smaller, &path).expect_err("another model");
        assert!(matches!(error, ModelError::State { what: "parameters", .. }));
        // A checkpoint is not the model alone, but has it.
        let double = Parameters::<f64>::initial(&learned, 1);
        double.export(&learned, &path).expect("a file");
        assert_eq!(Parameters::import(&learned, &path).expect("parameters"), double);
        let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
        let tiny = Architecture::new(
            vec![linear(3, 2)],
            vec![linear(1, 3)],
            vec![linear(1, 2)],
            Likelihood::Bernoulli,
        );
        let error = Parameters::<f64>::import(&tiny.expect("a model"), &path).expect_err("another model");
        assert!(chain(&error).contains("encoder.0.weight has the shape [8, 784], not [2, 3]"), "{error}");
    });
}
