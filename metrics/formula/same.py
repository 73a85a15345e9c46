"""Whether two formulas say the same: `shape_of(node) -> str` is equal where only order, brackets and blanks differ."""

from metrics.formula.nodes import Binary, Call, Name, Negative, Node, Number


def shape_of(node: Node) -> str:
    """A formula without what does not matter: parts of a sum and of a product stand in one order. Its depth is bounded."""
    if isinstance(node, Number):
        return f"{node.value} {node.unit}".strip() if node.unit != "percent" else str(node.value)
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Negative):
        return f"-({shape_of(node.inner)})"
    if isinstance(node, Binary):
        if node.operator in "+*":
            return f"({node.operator.join(sorted(shape_of(each) for each in joined_by(node, node.operator)))})"
        return f"({shape_of(node.left)}{node.operator}{shape_of(node.right)})"
    assert isinstance(node, Call)
    return f"{node.function}({','.join(shape_of(each) for each in node.arguments)})"


def joined_by(node: Node, operator: str) -> list[Node]:
    """The parts of a sum or product, whatever brackets are between them."""
    if not isinstance(node, Binary) or node.operator != operator:
        return [node]
    return [*joined_by(node.left, operator), *joined_by(node.right, operator)]
