"""Tiny vision-language models in the genuine transformers format, whose words can be told beforehand.

Attention and perceptrons pass nothing on, so that the next token follows from the last one alone: the
template's "answer now" leads to `answers[0]`, each answer to the next one, the last to the end of the reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

NOW, END, IMAGE = "<|assistant|>", "<|end|>", "<image>"
TEMPLATE = (
    "{% for m in messages %}{{ m['role'] }}: {% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def save_llava(folder: Path, answers: Sequence[str], *, template: str | None = TEMPLATE) -> None:
    """A Llava of two layers."""
    import transformers as t

    words = tokenizer(answers)
    config = t.LlavaConfig(
        vision_config=t.CLIPVisionConfig(
            hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=32,
            patch_size=8,
        ),
        text_config=t.LlamaConfig(
            vocab_size=len(words), hidden_size=64, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=8192,
            bos_token_id=None, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id,
            tie_word_embeddings=False,
        ),
        image_token_index=words.convert_tokens_to_ids(IMAGE),
        vision_feature_layer=-1,
    )  # fmt: skip
    torch.manual_seed(0)
    model = t.LlavaForConditionalGeneration(config)
    _say(model, words, answers)
    model.save_pretrained(folder)
    pictures = t.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    t.LlavaProcessor(
        image_processor=pictures, tokenizer=words, patch_size=8, vision_feature_select_strategy="default",
        image_token=IMAGE, chat_template=template, num_additional_image_tokens=1,
    ).save_pretrained(folder)  # fmt: skip


def save_idefics3(folder: Path, answers: Sequence[str]) -> None:
    """An Idefics3, as SmolVLM-Instruct is one."""
    import transformers as t

    extra = ("<fake_token_around_image>", "<global-img>", "<end_of_utterance>")
    words = tokenizer(answers, extra)
    config = t.Idefics3Config(
        vision_config={
            "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": 32, "patch_size": 8,
        },
        text_config={
            "model_type": "llama", "vocab_size": len(words), "hidden_size": 64, "intermediate_size": 64,
            "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2,
            "max_position_embeddings": 8192, "bos_token_id": None, "eos_token_id": words.eos_token_id,
            "pad_token_id": words.pad_token_id,
        },
        image_token_id=words.convert_tokens_to_ids(IMAGE), scale_factor=2, tie_word_embeddings=False,
    )  # fmt: skip
    torch.manual_seed(0)
    model = t.Idefics3ForConditionalGeneration(config)
    _say(model, words, answers)
    model.save_pretrained(folder)
    pictures = t.Idefics3ImageProcessor(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
    )
    t.Idefics3Processor(pictures, words, image_seq_len=4, chat_template=TEMPLATE).save_pretrained(folder)


def tokenizer(answers: Sequence[str], extra: Sequence[str] = ()) -> Any:
    """A token per byte, one per answer, and the special ones."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    words = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token=END,
        pad_token="<|pad|>",
        additional_special_tokens=[IMAGE, NOW, *extra],
    )
    words.add_tokens([AddedToken(answer, normalized=False) for answer in answers])
    return words


def _say(model: Any, words: Any, answers: Sequence[str]) -> None:
    """Set the weights so that "answer now" is followed by the answers, and these by the end."""
    chain = [words.convert_tokens_to_ids(token) for token in (NOW, *answers, END)]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "vision" not in name and ("o_proj" in name or "down_proj" in name):
                weight.zero_()
        embedded, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        embedded.copy_(torch.nn.functional.normalize(torch.randn_like(embedded), dim=1))
        head.zero_()
        for token, following in pairwise(chain):
            head[following] += 10.0 * embedded[token]
