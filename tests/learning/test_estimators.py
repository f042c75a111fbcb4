"""What scikit-learn asks of every estimator, of ours."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from classicvision.learning.adaboost import AdaBoostClassifier
from classicvision.learning.boosting import BOOSTINGS
from classicvision.learning.stump import DecisionStump

ESTIMATORS = [
    DecisionStump(),
    DecisionStump(criterion="error"),
    *(AdaBoostClassifier(boosting=boosting, n_estimators=10) for boosting in BOOSTINGS),
    AdaBoostClassifier(n_estimators=10, max_depth=2, max_features=0.5, weight_trim_rate=None),
]


@parametrize_with_checks(ESTIMATORS)
def test_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)
