import pytest
import torch

from ragx.kernels.forms import FASTEST, FORMS, form_of, use_form

CPU = torch.device("cpu")


def test_fastest_forms_are_known_forms() -> None:
    assert all(form in FORMS[operation] for table in FASTEST.values() for operation, form in table.items())


def test_a_device_without_measurements_takes_the_reference() -> None:
    assert form_of("weighted_sum", torch.device("meta")) == "reference"


def test_forced_form_holds_in_the_block_and_nests() -> None:
    before = form_of("weighted_sum", CPU)
    with use_form("weighted_sum", "csr"):
        with use_form("weighted_sum", "reference"):
            assert form_of("weighted_sum", CPU) == "reference"
        assert form_of("weighted_sum", CPU) == "csr"
    assert form_of("weighted_sum", CPU) == before


def test_forced_form_ends_with_an_error_in_the_block() -> None:
    with pytest.raises(RuntimeError, match="broken"), use_form("edge_product", "reference"):
        raise RuntimeError("broken")
    assert form_of("edge_product", CPU) == "sampled"


def test_the_environment_forces_forms_and_a_block_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGX_FORMS", "weighted_sum=csr, edge_product=reference")
    assert form_of("weighted_sum", CPU) == form_of("weighted_sum", torch.device("meta")) == "csr"
    assert form_of("edge_product", CPU) == "reference"
    assert form_of("segment_max", CPU) == FASTEST["cpu"]["segment_max"]
    with use_form("weighted_sum", "embedding_bag"):
        assert form_of("weighted_sum", CPU) == "embedding_bag"
    monkeypatch.setenv("RAGX_FORMS", "")
    assert form_of("weighted_sum", CPU) == FASTEST["cpu"]["weighted_sum"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("csr", "RAGX_FORMS: expected operation=form, separated by commas, such as weighted_sum=csr; got 'csr'"),
        ("weighted_sum=", "RAGX_FORMS: expected operation=form.*got 'weighted_sum='"),
        ("edge_sum=csr", "RAGX_FORMS: operation: expected one of weighted_sum.*got 'edge_sum'"),
        (
            "weighted_sum=cs",
            "RAGX_FORMS: form of weighted_sum: expected one of native, embedding_bag, csr, reference; got 'cs'",
        ),
    ],
)
def test_an_environment_that_does_not_fit_is_refused(text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGX_FORMS", text)
    with pytest.raises(ValueError, match=message):
        form_of("weighted_sum", CPU)


@pytest.mark.parametrize(
    ("operation", "form", "message"),
    [
        (
            "weigted_sum",
            "csr",
            "operation: expected one of weighted_sum, edge_product, edge_attention, segment_sum",
        ),
        (
            "weighted_sum",
            "coo",
            "form of weighted_sum: expected one of native, embedding_bag, csr.*got 'coo'",
        ),
    ],
)
def test_unknown_names_are_refused(operation: str, form: str, message: str) -> None:
    with pytest.raises(ValueError, match=message), use_form(operation, form):
        pass
