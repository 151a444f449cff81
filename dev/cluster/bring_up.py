"""Everything up, in order; everything down."""

from __future__ import annotations

from dev.cluster import node
from dev.cluster.chart_release import install_chart
from dev.cluster.image_store import name_expected_images, provide_images
from dev.cluster.services import deploy_services
from dev.cluster.target import own_kubeconfig
from dev.cluster.toolchain.flink_operator import chosen
from dev.cluster.toolchain.programs import build_programs
from dev.cluster.toolchain.requirements import check_build_tools, install_packages
from dev.release.images.catalogue import pause_image, product_images, server_images


def up() -> None:
    """Bring up cluster, servers and the product's chart. Idempotent; resumes where it stopped."""
    check_build_tools()
    servers, products, flink_operator = server_images(), product_images(), chosen()
    if own_kubeconfig() is None:
        install_packages()
        build_programs()
        node.up()
        provide_images([pause_image(), *servers.values(), *products.values()])
    else:
        build_programs(cluster=False)
        name_expected_images([*servers.values(), *products.values()])
    deploy_services(servers, flink_operator)
    install_chart(products)


def down() -> None:
    """Take the embedded cluster down; what was built stays in the cache."""
    if own_kubeconfig() is None:
        node.down()
