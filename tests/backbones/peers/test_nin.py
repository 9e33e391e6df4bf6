"""Network in network and its deeply supervised relative."""

import torch
import torch.nn.functional as F

import backbones


def test_parameters_of_the_published_network():
    with torch.device("meta"):
        nin = backbones.count(backbones.create("nin"), 32)
        dsn = backbones.count(backbones.create("dsn"), 32)
    kernels = ((25, 3, 192), (1, 192, 160), (1, 160, 96), (25, 96, 192), (1, 192, 192))
    kernels += ((1, 192, 192), (9, 192, 192), (1, 192, 192), (1, 192, 10))
    assert nin.parameters == dsn.parameters == sum(k * i * o + o for k, i, o in kernels)


def test_the_second_pool_and_the_last_layer_tell_them_apart():
    nin, dsn = (backbones.create(n, width=0.125, num_classes=3) for n in ("nin", "dsn"))
    x = torch.randn(1, 8, 4, 4)
    pools = (nin.conv2.pool, nin.conv3.pool, dsn.conv2.pool, dsn.conv3.pool)
    assert [pool.average for pool in pools] == [False, True, False, False]
    last = torch.randn(2, 24, 8, 8)
    assert torch.equal(nin.head(last), F.relu(nin.fc(last)).mean((2, 3)))
    assert torch.equal(dsn.head(last), dsn.fc(last).mean((2, 3)))
    assert nin.conv2.pool(x).shape == (1, 8, 2, 2)


def test_a_companion_reads_the_convolution_before_its_relu():
    model = backbones.create("dsn", width=0.125, num_classes=3, dropout=0.0).train()
    images = torch.randn(2, 3, 32, 32)
    _, first, *_ = model(images)
    read = model.conv1.conv1(images)
    assert (read < 0).any()
    torch.testing.assert_close(first, model.companions[0](read))
    assert [companion.side for companion in model.companions] == [32, 16, 8]
