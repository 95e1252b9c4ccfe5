"""Rules that are planted into a synthetic corpus, and the masks of their conditions."""

import numpy as np

NUMBERS = ["lambda", "mu", "couplings[0]", "couplings[1]", "t_max", "points", "opts.rtol"]
LABELS = ["method", "adaptive", "opts.preconditioner"]


def test_mask(condition, parameter):
    """Returns the runs that pass a condition in the form of `failures regions --json`."""
    values, present, test = parameter.values, ~parameter.missing, condition["is"]
    finite = present & (np.isfinite(values) if parameter.is_number else False)
    value = condition.get("value")
    if test in (">", ">=", "<", "<="):
        if not parameter.is_number:
            return np.zeros(len(values), bool)
        compare = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal}[test]
        with np.errstate(invalid="ignore"):
            return finite & compare(values, value)
    if test in ("in", "not in"):
        labels = [] if parameter.is_number else value
        inside = np.isin(values, np.array(labels, dtype=values.dtype)) if labels else np.zeros(len(values), bool)
        return present & (inside if test == "in" else ~inside & (not parameter.is_number))
    masks = {"missing": ~present, "not missing": present, "finite": finite}
    if test == "not finite":
        return present & ~finite if parameter.is_number else np.zeros(len(values), bool)
    return masks[test]


def rule_mask(conditions, parameters):
    """Returns the runs that pass all conditions. A condition on an unknown parameter matches only `missing`."""
    by_name = {parameter.name: parameter for parameter in parameters}
    rows = len(parameters[0].values)
    mask = np.ones(rows, bool)
    for condition in conditions:
        parameter = by_name.get(condition["parameter"])
        mask &= test_mask(condition, parameter) if parameter else np.full(rows, condition["is"] == "missing")
    return mask


def plant_rules(rng, parameters, conditions, failing):
    """Returns a list of rules whose regions together contain about this share of the runs.

    The first rule has the given number of conditions, at least one of which is a threshold. From three conditions on,
    one of them is a label, and sometimes another one is that `opts.damping` is missing. In half of the corpora, a
    second rule is that `gamma` is not finite, if the share allows it.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    rows = len(parameters[0].values)
    second = []
    if failing >= 0.1 and "gamma" in by_name and rng.random() < 0.5:
        second = [{"conditions": [{"parameter": "gamma", "is": "not finite"}]}]
        failing -= 0.05
    chosen = []
    if conditions >= 3 or rng.random() < 0.3:
        chosen.append(plant_label(rng, by_name))
    if conditions >= 3 and failing <= 0.1 and rng.random() < 0.5 and "opts.damping" in by_name:
        chosen.append({"parameter": "opts.damping", "is": "missing"})
    share = rule_mask(chosen, parameters).mean()
    numbers = conditions - len(chosen)
    quantile = min(0.9, (failing / share) ** (1 / numbers))
    names = rng.choice([name for name in NUMBERS if name in by_name], numbers, replace=False)
    for name in names:
        chosen.append(plant_threshold(rng, by_name[name], quantile))
    order = rng.permutation(len(chosen))
    return [{"conditions": [chosen[index] for index in order]}] + second


def plant_label(rng, by_name):
    parameter = by_name[rng.choice([name for name in LABELS if name in by_name])]
    if parameter.values.dtype.kind == "b":
        return {"parameter": parameter.name, "is": "in", "value": [bool(rng.random() < 0.5)]}
    labels = np.unique(parameter.values)
    size = rng.integers(1, 3)
    return {"parameter": parameter.name, "is": "in", "value": sorted(rng.choice(labels, size, replace=False).tolist())}


def plant_threshold(rng, parameter, quantile):
    """Puts a threshold in the middle between two neighbouring samples."""
    samples = np.unique(parameter.values[~parameter.missing & np.isfinite(parameter.values)])
    is_above = rng.random() < 0.6
    target = np.quantile(parameter.values[~parameter.missing], 1 - quantile if is_above else quantile)
    index = int(np.clip(np.searchsorted(samples, target), 1, len(samples) - 1))
    threshold = float((samples[index - 1] + samples[index]) / 2)
    return {"parameter": parameter.name, "is": ">" if is_above else "<=", "value": threshold}


def neighbours(condition, parameter):
    """Returns the largest sample of all runs below a threshold, and the smallest above it."""
    samples = parameter.values[~parameter.missing & np.isfinite(parameter.values)]
    below, above = samples[samples <= condition["value"]], samples[samples > condition["value"]]
    return float(below.max()), float(above.min())


def protected_rows(rules, parameters, width=10):
    """Returns the runs next to each threshold, inside the other conditions of its rule.

    They get no wrong label. Otherwise the data would not determine the threshold.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    protected = np.zeros(len(parameters[0].values), bool)
    for rule in rules:
        for condition in rule["conditions"]:
            if condition["is"] not in (">", "<="):
                continue
            others = [other for other in rule["conditions"] if other is not condition]
            values = by_name[condition["parameter"]].values
            candidates = np.flatnonzero(rule_mask(others, parameters) & np.isfinite(values))
            for side in (values[candidates] <= condition["value"], values[candidates] > condition["value"]):
                near = candidates[side]
                distance = np.abs(values[near] - condition["value"])
                protected[near[np.argsort(distance, kind="stable")[:width]]] = True
    return protected
