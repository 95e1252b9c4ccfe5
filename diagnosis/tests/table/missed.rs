//! The cases whose first suggestion an analyst would not give.

const NOTHING: &str = "nothing is suggested";

/// Their names, and why not.
pub const MISSED: &[(&str, &str)] = &[
    (
        "example_observable",
        "the residual wanders for want of a real root, it does not grow by a rate; no start is closer",
    ),
    ("fit_overflow", "nothing came before, and it is the exponential that overflows: the scale of the time"),
    ("prescribed_motion_index", "the solver is direct already: the index of the DAE is the cause"),
    ("tumour_no_cells", "it is the initial value that is not finite: nothing to end before, and not stiff"),
    ("wave_packet_norm", "the step is not what drives it: the scheme is not unitary"),
    ("boundary_layer_multigrid", "the smoother is wrong for the anisotropy, of which nothing is said"),
    ("river_cg_unsymmetric", "no start and no damping makes CG fit for a matrix that is not symmetric"),
    (
        "arch_lagged_jacobian",
        "linear convergence of Newton's method: the Jacobian is out of date, not the limit too low",
    ),
    ("load_flow_nose", "the Jacobian is right: there is no solution at this load (the second suggestion)"),
    ("channel_inner_sweeps", "it is the inner solver that is slow, not this iteration"),
    ("maturity_regula_falsi", "there is no Jacobian: one end of the interval stays for ever"),
    ("kohlrausch_negative_tau", NOTHING),
    ("plane_waves_memory", "five million points are right; the unit is not in doubt"),
];
