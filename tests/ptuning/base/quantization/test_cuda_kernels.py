"""The kernel itself needs a GPU; what surrounds it does not."""

import sys
import warnings
from contextlib import nullcontext

import pytest
import torch

from ptuning.base.quantization import cuda_kernels
from ptuning.base.quantization.cuda_kernels import compile_source, dequantize_on_cuda, library, options
from ptuning.base.quantization.integers import dequantize, dequantize_in_torch, quantize

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="没有 CUDA")
DTYPES = (torch.float32, torch.float16, torch.bfloat16)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Each test starts as a new process does."""
    monkeypatch.setattr(cuda_kernels, "_failed", False)


def test_options_name_the_gpu_the_bits_and_the_output():
    assert options((9, 0), 4, torch.float16) == ["--gpu-architecture=sm_90", "-DBITS=4", "-DOUTPUT=1"]
    assert options((12, 1), 8, torch.bfloat16) == ["--gpu-architecture=sm_121", "-DBITS=8", "-DOUTPUT=2"]


def test_the_bindings_load_without_a_gpu_and_without_the_rest_of_cpm_kernels():
    bindings = library()
    assert callable(bindings.nvrtc.nvrtcCompileProgram) and callable(bindings.cuda.cuLaunchKernel)
    assert "cpm_kernels" not in sys.modules


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)])
def test_the_kernel_compiles_for_every_output_where_nvrtc_is(capability):
    if library().nvrtc.version == (0, 0):
        pytest.skip("没有 NVRTC")
    for bits in (4, 8):
        for dtype in DTYPES:
            assert compile_source(options(capability, bits, dtype)).startswith(b"\x7fELF")


def test_where_the_bindings_fail_torch_is_used_and_that_is_said_once(monkeypatch):
    def broken():
        raise RuntimeError("Library nvrtc is not initialized")

    monkeypatch.setattr(cuda_kernels, "library", broken)
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    weight, scale = quantize(torch.randn(4, 8), 4)
    with pytest.warns(UserWarning, match="Library nvrtc is not initialized.*改由 torch 解包"):
        assert dequantize_on_cuda(weight, scale, 4, torch.float32, dequantize_in_torch) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dequantize_on_cuda(weight, scale, 4, torch.float32, dequantize_in_torch) is None


def test_without_cpm_kernels_torch_is_used(monkeypatch):
    library.cache_clear()
    monkeypatch.setattr(cuda_kernels.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="cpm_kernels is not installed"):
        library()


def test_another_dtype_is_left_to_torch():
    weight, scale = quantize(torch.randn(4, 8), 8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dequantize_on_cuda(weight, scale, 8, torch.float64, dequantize_in_torch) is None


@needs_gpu
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_kernel_gives_the_bits_that_torch_gives(bits, dtype):
    weight, scale = quantize(torch.randn(37, 1030, device="cuda"), bits)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a fallback would compare torch with torch
        result = dequantize(weight, scale, bits, dtype)
    assert torch.equal(result, dequantize_in_torch(weight, scale, bits, dtype))
    assert torch.equal(result.cpu(), dequantize(weight.cpu(), scale.cpu(), bits, dtype))


@needs_gpu
def test_a_kernel_that_differs_is_not_used():
    weight, scale = quantize(torch.randn(4, 8, device="cuda"), 8)
    with pytest.warns(UserWarning, match="differs from torch"):
        assert dequantize_on_cuda(weight, scale, 8, torch.float32, lambda *a: dequantize_in_torch(*a) + 1) is None
