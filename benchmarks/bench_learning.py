"""Stumps and boosting on tables of features, against scikit-learn; held-back accuracy too."""

import numpy as np
import sklearn
from sklearn.datasets import make_classification
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from benchmarks.harness import SEED, Case, timed

_ROUNDS = 20
_TESTED = 2000  # samples held back


def cases(quick):
    from classicvision.learning.adaboost import AdaBoostClassifier as Ours
    from classicvision.learning.stump import DecisionStump

    n, p = (500, 20) if quick else (5000, 200)
    X, y = make_classification(n + _TESTED, p, n_informative=10, random_state=SEED)
    X = X.astype(np.float32)  # which scikit-learn's trees convert to
    held_back = X[n:], y[n:]

    def case(operator, ours, peer):
        return Case(
            operator,
            f"{n}x{p}",
            f"scikit-learn {sklearn.__version__}",
            timed(ours.fit, X[:n], y[:n]),
            timed(peer.fit, X[:n], y[:n]),
            lambda ours, theirs: abs(ours.score(*held_back) - theirs.score(*held_back)),
        )

    yield case("stump", DecisionStump(), DecisionTreeClassifier(max_depth=1))
    for boosting in ("discrete", "gentle"):
        yield case(
            f"{boosting} AdaBoost, {_ROUNDS} stumps",
            Ours(boosting=boosting, n_estimators=_ROUNDS),
            AdaBoostClassifier(n_estimators=_ROUNDS, random_state=SEED),
        )
    yield case(
        f"LogitBoost, {_ROUNDS} trees of depth 3",
        Ours(boosting="logit", n_estimators=_ROUNDS, max_depth=3),
        GradientBoostingClassifier(n_estimators=_ROUNDS, learning_rate=0.5, random_state=SEED),
    )
