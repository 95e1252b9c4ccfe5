//! The cases whose first suggestion is wrong in the judgement of an analyst.

pub const NOTHING_SUGGESTED: &str = "nothing is suggested";

/// Names of cases, and what is wrong.
pub const MISSES: &[(&str, &str)] = &[
    // Failures used to develop the rules.
    (
        "example_observable",
        "the residual wanders because there is no real root; it does not grow at a rate, and no start is closer",
    ),
    ("fit_overflow", "nothing came before: the exponential overflows because the time is not scaled"),
    ("prescribed_motion_index", "the solver is direct already; the cause is the index of the DAE"),
    ("tumour_no_cells", "the initial value is not finite; no point lies before it, and the problem is not stiff"),
    ("boundary_layer_multigrid", "the smoother is wrong for the anisotropy, which the suggestion does not mention"),
    ("river_cg_unsymmetric", "CG needs a symmetric matrix; neither another start nor damping helps"),
    (
        "arch_lagged_jacobian",
        "Newton's method converges only linearly because the Jacobian is out of date; the limit is not too low",
    ),
    ("load_flow_nose", "the Jacobian is right; there is no solution at this load, as the second suggestion says"),
    ("channel_inner_sweeps", "the inner solver is slow, not this iteration"),
    ("maturity_regula_falsi", "there is no Jacobian; one end of the interval never moves"),
    ("kohlrausch_negative_tau", NOTHING_SUGGESTED),
    ("plane_waves_memory", "five million points are right, and the unit is not in doubt"),
    // Failures that the rules had never seen.
    ("oregonator_evaluations", "an error estimate of 0.7 is no divergence; the problem is stiff"),
    ("pendulum_no_absolute_tolerance", "the function is right; the tolerance is zero where a component is zero"),
    ("stick_slip_friction", "the problem is not stiff; the friction jumps"),
    ("troesch_shooting", "shooting from one end is unstable for any step; multiple shooting is needed"),
    ("heston_negative_variance", "noise crosses zero for any step; truncate it, or keep the variance positive"),
    ("plume_centred_advection", "for advection, FTCS is unstable for every step, also for small ones"),
    ("digital_option_ringing", NOTHING_SUGGESTED),
    ("projection_incompatible", "no start is better; with walls only, the sources have to sum to zero"),
    (
        "lattice_boltzmann_relaxation",
        "neither a logarithm nor a smaller step helps; the relaxation time is too close to one half",
    ),
    (
        "aquifer_layers",
        "the residual only jumped in the last step; without a preconditioner, 12 more iterations do not help",
    ),
    ("membrane_omega", "no start makes a linear iteration converge; the relaxation factor is above 2"),
    ("huckel_shift", "no boundary condition is missing; the shift is an eigenvalue"),
    ("refinement_single_precision", "no start is better; single precision does not suffice for this condition number"),
    (
        "diode_operating_point",
        "the Jacobian is right; the steps are short above the knee, and only the last sentence helps",
    ),
    ("bratu_turning_point", "there is no kink but a turning point; continuation by arc length passes it"),
    ("coercive_field_overshoot", "nothing is integrated; Newton's steps need damping"),
    ("buckling_pole", "bisection does not diverge; the sign changes at a pole"),
    ("adsorption_no_balance", NOTHING_SUGGESTED),
    ("least_drag_degrees", NOTHING_SUGGESTED),
    ("dose_separation", "neither another start nor damping helps; there is no finite estimate"),
    ("blending_cycle", NOTHING_SUGGESTED),
    ("omori_before_onset", NOTHING_SUGGESTED),
    ("empty_cluster", "no function left its domain; a cluster is empty, and its count of zero is in the trail"),
    ("chains_two_modes", "there is no integrand; the chains sit in different modes"),
    ("extinction_probability", "no result is NaN; a probability is above one"),
    ("walkers_without_weight", NOTHING_SUGGESTED),
    ("constant_station", "the variance of zero is in the trail, but the suggestion does not point to it"),
    ("grid_counts_from_one", NOTHING_SUGGESTED),
    ("transient_end_time", "the end has already been passed; the times are compared for equality"),
    ("chemistry_crash", NOTHING_SUGGESTED),
];
