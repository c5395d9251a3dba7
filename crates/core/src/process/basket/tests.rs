//! Correlations of paths, factors and eigenvalues by hand, and what is refused.

use super::super::proof::{assert_mean, assert_moments};
use super::*;
use crate::params::Values;
use crate::process::{ProcessKind, ProcessSite, Value};

const STEP: SimDuration = SimDuration::from_secs(1);

fn symbols(count: usize) -> Vec<String> {
    ["A", "B", "C", "D"][..count].iter().map(|it| (*it).to_owned()).collect()
}

fn refused(correlation: &[Vec<f64>]) -> String {
    Basket::new(symbols(correlation.len()), correlation).unwrap_err().to_string()
}

fn configured(kind: &str, values: Values) -> Arc<dyn ConfiguredProcess> {
    let kind = ProcessKind::named(kind).unwrap();
    (kind.configure)(&values.complete(kind.params).unwrap(), &ProcessSite::default()).unwrap()
}

/// A process of each kind that can be a member.
fn members() -> Vec<(&'static str, Arc<dyn ConfiguredProcess>)> {
    let values = || Values::new().with("initial", 100.0).with("hours_per_year", 1.0);
    let volatile = || values().with("volatility", 0.4);
    let jumps = volatile().with("jumps_per_year", 0.0);
    vec![
        ("A", configured("gbm", volatile())),
        ("B", configured("garch", volatile().with("alpha", 0.0).with("beta", 0.5))),
        ("C", configured("merton", jumps.with("jump_volatility", 0.0))),
        ("D", configured("ou", volatile().with("half_life", SimDuration::from_secs(1 << 28)))),
    ]
}

fn matrix() -> Vec<Vec<f64>> {
    vec![
        vec![1.0, 0.6, 0.3, -0.5],
        vec![0.6, 1.0, 0.5, 0.0],
        vec![0.3, 0.5, 1.0, 0.2],
        vec![-0.5, 0.0, 0.2, 1.0],
    ]
}

/// Returns all places of a matrix on its diagonal and below.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(|i| (0..=i).map(move |j| (i, j)))
}

/// Steps all members, each by itself as an instrument's value is, and returns their log returns.
fn returns(count: usize) -> Vec<Vec<f64>> {
    let basket = Arc::new(Basket::new(symbols(4), &matrix()).unwrap());
    let path = |(symbol, process): (&'static str, Arc<dyn ConfiguredProcess>)| {
        let mut process = basket.member(symbol, process).unwrap().start(Seed::new(6));
        let mut rng = Value::stream(Seed::new(6), symbol);
        let mut last = 100.0;
        let mut next = |_| {
            let value = process.step(SimTime::from_nanos(0), STEP, &mut rng);
            let log_return = libm::log(value / last);
            last = value;
            log_return
        };
        (0..count).map(&mut next).collect()
    };
    members().into_iter().map(path).collect()
}

#[test]
fn paths_have_the_correlations_of_the_matrix() {
    let returns = returns(100_000);
    // Of a step of a second in a year of an hour.
    let variance = 0.4 * 0.4 / 3_600.0;
    // The last process moves by amounts of currency, and has a test of its signs below.
    for (i, j) in pairs(3) {
        let products: Vec<f64> = returns[i].iter().zip(&returns[j]).map(|(a, b)| a * b / variance).collect();
        assert_mean(&format!("{i}, {j}"), &products, matrix()[i][j]);
    }
    let signs: Vec<f64> = returns[0].iter().zip(&returns[3]).map(|(a, b)| (a * b).signum()).collect();
    // Of two normal numbers with a correlation, signs agree so much more often (Sheppard 1899).
    assert_mean("signs", &signs, 2.0 / std::f64::consts::PI * libm::asin(-0.5));
}

#[test]
fn a_member_has_the_moments_that_it_has_alone() {
    let basket = Arc::new(Basket::new(symbols(4), &matrix()).unwrap());
    let (symbol, process) = members().remove(0);
    let member = basket.member(symbol, Arc::clone(&process)).unwrap();
    let expected = process.moments(STEP);
    assert_eq!(member.moments(STEP), expected);
    let end = |seed| {
        member.start(Seed::new(seed)).step(SimTime::from_nanos(0), STEP, &mut stream(Seed::new(0), "x"))
    };
    let ends: Vec<f64> = (0..20_000).map(end).collect();
    assert_moments(&expected, 100.0, &ends);
}

/// [[1, a], [a, 1]] has the factor [[1], [a, sqrt(1 - a²)]] and the eigenvalues 1 - a and 1 + a.
#[test]
fn factors_and_eigenvalues_are_those_worked_by_hand() {
    let two = vec![vec![1.0, 0.6], vec![0.6, 1.0]];
    let factor = cholesky(&two);
    assert!((factor[1][0] - 0.6).abs() < 1e-15 && (factor[1][1] - 0.8).abs() < 1e-15);
    assert!((smallest_eigenvalue(two) - 0.4).abs() < 1e-12);
    // All alike by c: 1 - c, and 1 + 2 c.
    let alike = |c: f64| vec![vec![1.0, c, c], vec![c, 1.0, c], vec![c, c, 1.0]];
    assert!((smallest_eigenvalue(alike(0.25)) - 0.75).abs() < 1e-12);
    assert!((smallest_eigenvalue(alike(-0.75)) + 0.5).abs() < 1e-12);
    let whole = cholesky(&matrix());
    for (i, j) in pairs(4) {
        let product: f64 = whole[i].iter().zip(&whole[j]).map(|(a, b)| a * b).sum();
        assert!((product - matrix()[i][j]).abs() < 1e-14, "{i}, {j}");
    }
}

/// A matrix on the edge is one: two prices that move as one, and one that is the sum of two others.
#[test]
fn a_singular_matrix_is_accepted() {
    for singular in [
        vec![vec![1.0, 1.0], vec![1.0, 1.0]],
        vec![vec![1.0, -0.5, 0.5], vec![-0.5, 1.0, 0.5], vec![0.5, 0.5, 1.0]],
    ] {
        let basket = Basket::new(symbols(singular.len()), &singular).unwrap();
        for (i, row) in basket.factor.iter().enumerate() {
            let length: f64 = row.iter().map(|it| it * it).sum();
            assert!((length - 1.0).abs() < 1e-9, "row {i}: {row:?}");
        }
    }
}

#[test]
fn what_is_no_correlation_is_refused_with_what_to_do() {
    let bad = vec![vec![1.0, -0.75, -0.75], vec![-0.75, 1.0, -0.75], vec![-0.75, -0.75, 1.0]];
    let error = Basket::new(symbols(3), &bad).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`correlation` is not positive semi-definite: its smallest eigenvalue is -0.500000"
    );
    assert!(error.help().unwrap().contains("by 0.6666 or less"), "{error:?}");
    // What the help says helps.
    let scaled = |by: f64| -> Vec<Vec<f64>> {
        let entry = |(i, j): (usize, usize)| if i == j { 1.0 } else { -0.75 * by };
        (0..3).map(|i| (0..3).map(|j| entry((i, j))).collect()).collect()
    };
    assert!(Basket::new(symbols(3), &scaled(0.6666)).is_ok());
    assert!(Basket::new(symbols(3), &scaled(0.667)).is_err());
    assert_eq!(refused(&[vec![1.0]]), "a basket has 1 instruments, but must have from 2 to 100");
    assert_eq!(
        refused(&[vec![1.0, 0.5], vec![0.4, 1.0]]),
        "entry 2 of row 1 of `correlation` is 0.5, but entry 1 of row 2 is 0.4: the two must be equal"
    );
    assert_eq!(
        refused(&[vec![0.9, 0.5], vec![0.5, 1.0]]),
        "entry 1 of row 1 of `correlation` is 0.9, but must be 1: a price's correlation with itself"
    );
    assert_eq!(
        refused(&[vec![1.0, 1.5], vec![1.5, 1.0]]),
        "entry 2 of row 1 of `correlation` is 1.5, but must be from -1 to 1"
    );
    assert_eq!(
        refused(&[vec![1.0], vec![0.5, 1.0]]),
        "row 1 of `correlation` has 1 entries, but must have 2"
    );
    assert_eq!(
        Basket::new(symbols(2), &[vec![1.0]]).unwrap_err().to_string(),
        "`correlation` has 1 rows, but must have 2: one for each of `instruments`"
    );
}

/// Values that return to a mean by drawing something else than one normal number cannot be members.
#[test]
fn a_process_without_a_normal_shock_is_no_member() {
    let basket = Arc::new(Basket::new(symbols(2), &[vec![1.0, 0.5], vec![0.5, 1.0]]).unwrap());
    let values = Values::new().with("initial", 1.0).with("kappa", 1.0).with("sigma", 0.1);
    let cir = configured("cir", values);
    assert!(basket.member("A", Arc::clone(&cir)).is_none());
    assert!(basket.member("Z", members().remove(0).1).is_none());
}
