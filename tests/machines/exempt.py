"""The checks of scikit-learn that a machine cannot pass, and why."""

_DRAWS = (
    "score_samples draws a unit for each row, by definition, as scikit-learn's own machine does"
)
_BATCHES = (
    "training is random: repeated rows fall into other batches and meet other chains, so the fits "
    "agree on average only (test_weights.py has what is exact)"
)

EXEMPT = {
    "check_methods_subset_invariance": _DRAWS,
    "check_methods_sample_order_invariance": _DRAWS,
    "check_sample_weight_equivalence_on_dense_data": _BATCHES,
    "check_sample_weight_equivalence_on_sparse_data": _BATCHES,
}
