import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ptuning.base.quantization.integers import dequantize, pack, quantize, unpack
from ptuning.errors import PtuningError

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_weight_moves_by_more_than_half_a_scale(bits, dtype):
    weight = random(20, 64).mul(10.0 ** torch.arange(-4, 1).repeat(4)[:, None]).to(dtype)
    integers, scale = quantize(weight, bits)
    error = (dequantize(integers, scale, bits, torch.float32) - weight.float()).abs()
    assert (error <= scale[:, None] / 2 * (1 + 1e-5)).all()
    assert torch.allclose(scale, weight.float().abs().amax(1) / {4: 7, 8: 127}[bits], rtol=1e-6, atol=0)


def test_two_weights_share_a_byte_as_in_chatglm():
    """`(even << 4) | (odd & 0xF)`: 1, 2 → 0x12; -1, 7 → 0xF7; -8, -7 → 0x89."""
    packed = pack(torch.tensor([[1, 2, -1, 7], [-8, -7, 0, -1]], dtype=torch.int8))
    assert packed.view(torch.uint8).tolist() == [[0x12, 0xF7], [0x89, 0x0F]]


def test_four_bits_by_hand():
    packed, scale = quantize(torch.tensor([[0.7, -0.3, 0.14, 0.0], [-14.0, 2.1, 0.0, 13.9]]), 4)
    assert torch.allclose(scale, torch.tensor([0.1, 2.0]))
    assert packed.view(torch.uint8).tolist() == [[0x7D, 0x10], [0x91, 0x07]]  # 7, -3, 1, 0 and -7, 1, 0, 7
    expected = torch.tensor([[0.7, -0.3, 0.1, 0.0], [-14.0, 2.0, 0.0, 14.0]])
    assert torch.allclose(dequantize(packed, scale, 4, torch.float32), expected)


@given(
    st.integers(1, 5).flatmap(
        lambda half: st.lists(
            st.lists(st.integers(-8, 7), min_size=2 * half, max_size=2 * half), min_size=1, max_size=6
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_unpack_undoes_pack(rows):
    assert unpack(pack(torch.tensor(rows, dtype=torch.int8))).tolist() == rows


def test_every_byte_is_packed_from_what_it_unpacks_to():
    packed = torch.arange(256, dtype=torch.uint8).view(torch.int8)[None]
    assert torch.equal(pack(unpack(packed)), packed)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("row", [0.0, 1e-44, 1e30])
def test_rows_of_zeros_and_of_extremes_stay_finite(bits, row):
    weight = torch.full((1, 4), row)
    back = dequantize(*quantize(weight, bits), bits, torch.float32)
    assert torch.allclose(back, weight, rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(number):
    with pytest.raises(PtuningError, match="NaN 或无穷大"):
        quantize(torch.tensor([[1.0, number]]), 8)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dequantised_weights_are_those_of_chatglm(bits, dtype):
    """The original multiplies the integer by a half-precision scale and rounds once; float64 is exact before that."""
    integers = torch.arange(256, dtype=torch.uint8).view(torch.int8).repeat(3, 1)
    scale = torch.tensor([0.0123, 1.0, 3e-5], dtype=torch.float16)
    plain = unpack(integers) if bits == 4 else integers
    assert torch.equal(dequantize(integers, scale, bits, dtype), (plain.double() * scale.double()[:, None]).to(dtype))
